import { maximumRecordBytes } from './import-record.ts';

const lineEnd = 0x0a;

/** Cuts bytes into lines, without their ends, in constant memory: what is longer than a record may be is not kept. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | 'too-long'> {
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
