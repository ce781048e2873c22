import { isAscii, isUtf8 } from 'node:buffer';
import { exitCodes, UsageError } from '@sallyport/core';
import { readCsvDialect, type CsvDialect, type DelimiterName } from './csv-dialect.ts';
import { maximumRecordBytes } from './import-record.ts';
import { splitLines } from './split-lines.ts';

/** How the text of a file is written, as people write it on a command line. */
export const encodings = ['utf-8', 'windows-1252'] as const;
export type Encoding = (typeof encodings)[number];

export interface CsvReading {
  readonly encoding: Encoding;
  readonly delimiter: DelimiterName | undefined;
}

/**
 * Reads a CSV file once before anything of it is imported: in the wrong encoding "Müller" would be stored as "M�ller" or
 * "MÃ¼ller", and no operator could tell afterwards what it was.
 *
 * @throws UsageError that names the line and the column of the first text that is not in the encoding, when the file is in
 *   another one, and when its first line is of no use.
 */
export async function requireEncoding(
  chunks: AsyncIterable<Buffer>,
  { encoding, delimiter }: CsvReading,
): Promise<CsvDialect> {
  let dialect: CsvDialect | undefined;
  let number = 0;
  let isBeyondAscii = false;
  let isAllUtf8 = true;
  for await (const line of splitLines(chunks)) {
    number += 1;
    if (line === 'too-long') {
      if (dialect === undefined) throw new UsageError(tooLongHeader, exitCodes.refused);
      continue; // Refused as a record.
    }
    if (number === 1) refuseOtherUnicode(line, encoding);
    if (dialect === undefined) {
      // Empty lines are skipped in front of the header as they are between records.
      if (line.every((byte) => byte === 0x0d)) continue;
      const text = new TextDecoder(encoding).decode(line).replace(/\r$/, '');
      dialect = readCsvDialect(text, delimiter);
    }
    if (isAscii(line)) continue;
    isBeyondAscii = true;
    if (isUtf8(line)) continue;
    isAllUtf8 = false;
    if (encoding === 'utf-8') throw notUtf8(line, number, dialect);
  }
  if (encoding !== 'utf-8' && isBeyondAscii && isAllUtf8)
    throw new UsageError(
      `The file is UTF-8 throughout, and not ${encoding}: leave --encoding out. Nothing was changed.`,
      exitCodes.refused,
    );
  return dialect ?? readCsvDialect('', delimiter);
}

const tooLongHeader = `The first line of a CSV file names its columns, and this one is longer than ${maximumRecordBytes} bytes: is it CSV? Nothing was changed.`;

/** By the mark at the beginning, which says it before any name of a column is read. */
function refuseOtherUnicode(line: Buffer, encoding: Encoding): void {
  const [first, second, third] = line;
  if (encoding !== 'utf-8' && first === 0xef && second === 0xbb && third === 0xbf)
    throw new UsageError(
      `The file begins with the mark of UTF-8, so that it is not ${encoding}: leave --encoding out. Nothing was changed.`,
      exitCodes.refused,
    );
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new UsageError('The file is UTF-16. Save it as UTF-8 ("CSV UTF-8"). Nothing was changed.', exitCodes.refused);
}

function notUtf8(line: Buffer, number: number, { columns, delimiter }: CsvDialect): UsageError {
  const column = columns[columnAt(line, firstFault(line), delimiter)];
  const place = column === undefined ? `line ${number}` : `line ${number}, column ${column}`;
  return new UsageError(
    `${place}: this is not UTF-8. Save the file as UTF-8 ("CSV UTF-8"), or say --encoding windows-1252 where it comes from a spreadsheet or a system of Windows. Nothing was changed.`,
    exitCodes.refused,
  );
}

/** How many bytes of a line are UTF-8, or the beginning of it. */
function firstFault(line: Buffer): number {
  let [good, bad] = [0, line.length];
  while (good < bad) {
    const middle = Math.ceil((good + bad) / 2);
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(line.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle - 1;
    }
  }
  return good;
}

/** In which field a byte of a record stands; a field over several lines may be counted wrongly, and only names its place. */
function columnAt(line: Buffer, offset: number, delimiter: string): number {
  let isQuoted = false;
  let column = 0;
  for (const character of line.toString('latin1', 0, offset)) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === delimiter && !isQuoted) column += 1;
  }
  return column;
}
