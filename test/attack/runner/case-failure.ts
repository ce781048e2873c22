/** What was expected and what was seen instead. Never holds a cookie. */
export class CaseFailure extends Error {
  override readonly name = 'CaseFailure';
}

/**
 * What a refusal lacks that kept everybody out all the same: a header that tells caches to forget it. Of another gateway
 * it says little about what gets through.
 */
export class HygieneFailure extends Error {
  override readonly name = 'HygieneFailure';
}
