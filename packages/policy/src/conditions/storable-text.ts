/** Says whether databases store a text as it is. PostgreSQL stores no NUL, and drivers replace halves of surrogate pairs. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
