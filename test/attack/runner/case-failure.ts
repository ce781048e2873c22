/** What was expected and what was seen instead. Never holds a cookie. */
export class CaseFailure extends Error {
  override readonly name = 'CaseFailure';
}
