// For the tool that writes the filter of common passwords, and its tests.
export { commonPasswordData } from '../features/passwords/common-password-data.ts';
export { bucketOf, openCommonWordFilter, type EncodedWordFilter } from '../features/passwords/common-word-filter.ts';
export { createWordHash, spellOut } from '../features/passwords/common-word.ts';
