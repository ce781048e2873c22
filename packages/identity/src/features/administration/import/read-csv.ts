import { Readable } from 'node:stream';
import { parse, type CsvError } from 'csv-parse';
import type { Column, CsvDialect } from './csv-dialect.ts';
import { maximumRecordBytes, type ImportRecord } from './import-record.ts';
import type { Encoding } from './require-encoding.ts';

interface CsvRecord {
  readonly record: Readonly<Partial<Record<Column, string>>>;
  readonly info: { readonly lines: number };
}

/** Reads CSV (RFC 4180) whose first line has been read. Roles are separated by spaces or semicolons. */
export async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  { columns, delimiter }: CsvDialect,
  encoding: Encoding,
): AsyncGenerator<ImportRecord> {
  const unreadable: ImportRecord[] = [];
  const parser = parse({
    bom: true,
    columns: () => [...columns],
    delimiter,
    info: true,
    max_record_size: maximumRecordBytes,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error !== undefined) unreadable.push(toUnreadable(error));
      return undefined;
    },
  });
  const source = Readable.from(decode(chunks, encoding), { objectMode: false });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
    yield* unreadable.splice(0);
    yield { kind: 'record', line: info.lines, fields: toFields(record) };
  }
  yield* unreadable.splice(0);
}

async function* decode(chunks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<Buffer | string> {
  // One byte is one character: no chunk cuts one in two.
  const decoder = encoding === 'utf-8' ? undefined : new TextDecoder(encoding);
  for await (const chunk of chunks) yield decoder?.decode(chunk) ?? chunk;
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
