import { Readable } from 'node:stream';
import { exitCodes, UsageError } from '@sallyport/core';
import { parse, type CsvError } from 'csv-parse';
import { maximumRecordBytes, type ImportRecord } from './import-record.ts';

const columns = ['email', 'name', 'passwordHash', 'roles', 'emailVerified'] as const;
type Column = (typeof columns)[number];

interface CsvRecord {
  readonly record: Readonly<Partial<Record<Column, string>>>;
  readonly info: { readonly lines: number };
}

/**
 * Reads CSV (RFC 4180) whose first line names the columns. Roles are separated by spaces or semicolons.
 *
 * @throws UsageError when the first line does not name columns that are known.
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>): AsyncGenerator<ImportRecord> {
  const unreadable: ImportRecord[] = [];
  const parser = parse({
    bom: true,
    columns: requireColumns,
    info: true,
    max_record_size: maximumRecordBytes,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error !== undefined) unreadable.push(toUnreadable(error));
      return undefined;
    },
  });
  const source = Readable.from(chunks, { objectMode: false });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
    yield* unreadable.splice(0);
    yield { kind: 'record', line: info.lines, fields: toFields(record) };
  }
  yield* unreadable.splice(0);
}

function requireColumns(header: readonly string[]): Column[] {
  const known = header.map((name) => columns.find((column) => column === name.trim()));
  const isUsable = known.includes('email') && known.includes('name') && new Set(known).size === known.length;
  if (isUsable && known.every((column) => column !== undefined)) return known;
  throw new UsageError(
    `The first line of a CSV file names its columns, each once: ${columns.join(', ')}. email and name are needed.`,
    exitCodes.refused,
  );
}

/** The message of the parser may hold a part of the line. */
function toUnreadable(error: CsvError): ImportRecord {
  const line = typeof error['lines'] === 'number' ? error['lines'] : 0;
  return { kind: 'unreadable', line, reason: `is not valid CSV (${error.code})` };
}

function toFields({ roles, emailVerified, passwordHash, ...rest }: CsvRecord['record']): unknown {
  return {
    ...rest,
    ...(isEmpty(passwordHash) ? {} : { passwordHash }),
    ...(isEmpty(roles) ? {} : { roles: roles?.split(/[\s;]+/).filter((role) => role !== '') }),
    ...(isEmpty(emailVerified) ? {} : { emailVerified: toTruth(emailVerified ?? '') }),
  };
}

function isEmpty(text: string | undefined): boolean {
  return text === undefined || text.trim() === '';
}

/** What is neither yes nor no is refused where the fields are checked. */
function toTruth(text: string): boolean | string {
  const word = text.trim().toLowerCase();
  if (['true', '1', 'yes', 't'].includes(word)) return true;
  return ['false', '0', 'no', 'f'].includes(word) ? false : text;
}
