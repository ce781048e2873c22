/** A row as the database gives it back: nothing about it is certain. */
export type Row = Readonly<Record<string, unknown>>;

/** Reads a text column. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw unreadable(column);
}

/** Reads a text column that may hold `null`. */
export function optionalTextOf(row: Row, column: string): string | undefined {
  return isAbsent(row, column) ? undefined : textOf(row, column);
}

/** Reads a text column that holds one of a few words. */
export function wordOf<const Word extends string>(row: Row, column: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === row[column]);
  if (word !== undefined) return word;
  throw unreadable(column);
}

/** Reads a column of whole numbers. */
export function integerOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw unreadable(column);
}

/** Reads a column of times. */
export function dateOf(row: Row, column: string): Date {
  const value = row[column];
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  throw unreadable(column);
}

/** Reads a column of times that may hold `null`. */
export function optionalDateOf(row: Row, column: string): Date | undefined {
  return isAbsent(row, column) ? undefined : dateOf(row, column);
}

/** Reads a text column that holds a JSON array of texts. */
export function textListOf(row: Row, column: string): readonly string[] {
  const value: unknown = JSON.parse(textOf(row, column));
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw unreadable(column);
}

/** Some databases leave out a column that holds `null`. */
function isAbsent(row: Row, column: string): boolean {
  return row[column] === null || row[column] === undefined;
}

function unreadable(column: string): TypeError {
  return new TypeError(`the column ${column} of a stored row cannot be read`);
}
