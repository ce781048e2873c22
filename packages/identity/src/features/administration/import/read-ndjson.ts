import { maximumRecordBytes, type ImportRecord } from './import-record.ts';
import { splitLines } from './split-lines.ts';

/** Reads one JSON object per line, in constant memory. Empty lines are passed over. */
export async function* readNdjson(chunks: AsyncIterable<Buffer>): AsyncGenerator<ImportRecord> {
  let line = 0;
  for await (const bytes of splitLines(chunks)) {
    line += 1;
    const record = parseLine(bytes, line);
    if (record !== undefined) yield record;
  }
}

function parseLine(bytes: Buffer | 'too-long', line: number): ImportRecord | undefined {
  if (bytes === 'too-long') return { kind: 'unreadable', line, reason: `is longer than ${maximumRecordBytes} bytes` };
  let text: string;
  try {
    // Takes a byte order mark away, too.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    return { kind: 'unreadable', line, reason: 'is not valid UTF-8, in which JSON is written' };
  }
  if (text === '') return undefined;
  try {
    return { kind: 'record', line, fields: JSON.parse(text) as unknown };
  } catch {
    return { kind: 'unreadable', line, reason: 'is not valid JSON' };
  }
}
