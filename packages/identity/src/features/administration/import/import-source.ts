import { closeSync, createReadStream, openSync, statSync } from 'node:fs';
import { exitCodes, UsageError } from '@sallyport/core';
import type { AccountCommandCall } from '../commands/account-command.ts';
import { delimiters, type DelimiterName } from './csv-dialect.ts';
import type { ImportRecord } from './import-record.ts';
import { readCsv } from './read-csv.ts';
import { readNdjson } from './read-ndjson.ts';
import { encodings, requireEncoding, type CsvReading } from './require-encoding.ts';

/** A file to import, and how it is read. */
export type ImportSource = { readonly path: string; readonly bytes: number } & (
  { readonly format: 'ndjson' } | ({ readonly format: 'csv' } & CsvReading)
);

/** A file of which is known how its records are written. */
export interface PreparedSource {
  readonly path: string;
  readonly bytes: number;
  read(stream: AsyncIterable<Buffer>): AsyncIterable<ImportRecord>;
}

/** @throws UsageError when a CSV file is not in its encoding, or its first line is of no use. */
export async function prepareSource(source: ImportSource): Promise<PreparedSource> {
  const { path, bytes } = source;
  if (source.format === 'ndjson') return { path, bytes, read: readNdjson };
  const dialect = await requireEncoding(createReadStream(path), source);
  return { path, bytes, read: (stream) => readCsv(stream, dialect, source.encoding) };
}

/**
 * Reads from the command line which file is imported, and how.
 *
 * @throws UsageError for options that do not fit, and for a file that cannot be read.
 */
export function openSource(call: AccountCommandCall): ImportSource {
  const [file = ''] = call.operands;
  const path = call.resolvePath(file);
  const format =
    call.value('format') ?? /\.(ndjson|jsonl|csv)$/i.exec(file)?.[1]?.toLowerCase().replace('jsonl', 'ndjson');
  if (format !== 'ndjson' && format !== 'csv')
    throw new UsageError('Say which format the file has: --format ndjson or --format csv.', exitCodes.usage);
  const reading = format === 'csv' ? ({ format, ...readingOf(call) } as const) : refuseReading(call);
  try {
    const { size } = statSync(path);
    closeSync(openSync(path, 'r'));
    return { ...reading, path, bytes: size };
  } catch {
    throw new UsageError('The file to import cannot be read. Nothing was changed.', exitCodes.usage);
  }
}

function readingOf(call: AccountCommandCall): CsvReading {
  const [encoding = 'utf-8', delimiter] = [call.value('encoding')?.toLowerCase(), call.value('delimiter')];
  if (!isOneOf(encodings, encoding))
    throw new UsageError(`--encoding is one of ${encodings.join(' and ')}.`, exitCodes.usage);
  if (delimiter !== undefined && !Object.hasOwn(delimiters, delimiter))
    throw new UsageError(`--delimiter is one of ${Object.keys(delimiters).join('  ')}, in quotes.`, exitCodes.usage);
  return { encoding, delimiter: delimiter as DelimiterName | undefined }; // Checked on the lines above.
}

/** JSON is written in UTF-8, and has no delimiter. */
function refuseReading(call: AccountCommandCall): { readonly format: 'ndjson' } {
  for (const option of ['encoding', 'delimiter'])
    if (call.has(option)) throw new UsageError(`--${option} is for CSV.`, exitCodes.usage);
  return { format: 'ndjson' };
}

function isOneOf<T extends string>(known: readonly T[], text: string): text is T {
  return known.some((one) => one === text);
}
