import { exitCodes, UsageError } from '@sallyport/core';
import { parse } from 'csv-parse/sync';

const columnNames = ['email', 'name', 'passwordHash', 'roles', 'emailVerified'] as const;

/** A column of a CSV file. */
export type Column = (typeof columnNames)[number];

/** How the records of a CSV file are written. */
export interface CsvDialect {
  readonly delimiter: string;
  /** In their order. */
  readonly columns: readonly Column[];
}

/** What may stand between two fields, as people write it on a command line. */
export const delimiters = { ',': ',', ';': ';', tab: '\t', '|': '|' } as const;
export type DelimiterName = keyof typeof delimiters;

/**
 * Reads from the first line of a CSV file which columns it has and what stands between them. Spreadsheets write semicolons
 * where the comma is the decimal sign, and names such as "E-Mail".
 *
 * @param named the delimiter, where the operator says it.
 * @throws UsageError that names columns which are not known or missing, and the delimiter.
 */
export function readCsvDialect(firstLine: string, named: DelimiterName | undefined): CsvDialect {
  const candidates = named === undefined ? Object.values(delimiters) : [delimiters[named]];
  const readings = candidates.map((delimiter) => ({ delimiter, names: splitFirstLine(firstLine, delimiter) }));
  for (const { delimiter, names } of readings) {
    const columns = names.flatMap((name) => toColumn(name) ?? []);
    const isUsable = columns.length === names.length && new Set(columns).size === columns.length;
    if (isUsable && columns.includes('email') && columns.includes('name')) return { delimiter, columns };
  }
  const nearest = readings.reduce((best, reading) => (knownIn(reading.names) > knownIn(best.names) ? reading : best));
  throw new UsageError(
    `The first line of a CSV file names its columns, each once: ${columnNames.join(', ')}. email and name are needed. ${describe(nearest)}`,
    exitCodes.refused,
  );
}

function splitFirstLine(line: string, delimiter: string): readonly string[] {
  try {
    const [names = []] = parse(line, { delimiter });
    return names.map((name) => name.trim());
  } catch {
    return [];
  }
}

/** "E-Mail" and "password_hash" are names that exports of other systems have. */
function toColumn(name: string): Column | undefined {
  const letters = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');
  return columnNames.find((column) => letters(column) === letters(name));
}

function knownIn(names: readonly string[]): number {
  return names.filter((name) => toColumn(name) !== undefined).length;
}

/** A first line without one known name may be a record: nothing of it is repeated. */
function describe({ delimiter, names }: { readonly delimiter: string; readonly names: readonly string[] }): string {
  if (names.length === 0) return 'It is empty, or has a quote that does not end.';
  if (knownIn(names) === 0) return 'It names none of them.';
  const unknown = names.filter((name) => toColumn(name) === undefined);
  const known = names.flatMap((name) => toColumn(name) ?? []);
  const faults = [
    ...unknown.map(
      (name) => `${/^[\p{L}][\p{L} _.-]{0,39}$/u.test(name) ? `"${name}"` : 'a name that cannot be shown'} is not one`,
    ),
    ...['email', 'name'].filter((needed) => !known.includes(needed as Column)).map((needed) => `${needed} is missing`),
    ...known.filter((column, index) => known.indexOf(column) !== index).map((column) => `${column} comes twice`),
  ];
  const shown = Object.entries(delimiters).find(([, text]) => text === delimiter)?.[0] ?? delimiter;
  return `Read with ${shown} as delimiter, ${faults.join(', ')}. --delimiter names another.`;
}
