import { maximumRecordBytes, type ImportRecord } from './import-record.ts';

const lineEnd = 0x0a;

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
    return { kind: 'unreadable', line, reason: 'is not valid UTF-8' };
  }
  if (text === '') return undefined;
  try {
    return { kind: 'record', line, fields: JSON.parse(text) as unknown };
  } catch {
    return { kind: 'unreadable', line, reason: 'is not valid JSON' };
  }
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | 'too-long'> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (): Buffer | 'too-long' => {
    const line = size > maximumRecordBytes ? 'too-long' : Buffer.concat(parts);
    parts = [];
    size = 0;
    return line;
  };
  const keep = (part: Buffer): void => {
    size += part.length;
    if (size > maximumRecordBytes) parts = [];
    else parts.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(lineEnd); end !== -1; end = chunk.indexOf(lineEnd, start)) {
      keep(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }
  if (size > 0) yield take();
}
