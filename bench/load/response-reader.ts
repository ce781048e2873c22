/** What became of a chunk of bytes: how many whole responses it completed, and whether all were as expected. */
export interface ResponseReader {
  /**
   * Takes the next bytes of a connection.
   *
   * @returns the number of responses that are complete now.
   * @throws UnexpectedResponse for another status than 200, a body of another length, or bytes that are not HTTP/1.1.
   */
  read(chunk: Buffer): number;
}

/** A response that makes a run void. */
export class UnexpectedResponse extends Error {
  override readonly name = 'UnexpectedResponse';
}

const headEnd = Buffer.from('\r\n\r\n');
const expectedStatusLine = 'HTTP/1.1 200';
const lengthField = /\r\ncontent-length: *(\d+)/i;
const chunkedField = /\r\ntransfer-encoding: *chunked/i;

/** Reads the responses of one keep-alive connection: as little as proves that each is the one that was asked for. */
export function createResponseReader(expectedBodyLength: number): ResponseReader {
  let rest: Buffer | undefined;

  return {
    read(chunk) {
      const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      let offset = 0;
      let complete = 0;
      while (offset < bytes.length) {
        const end = endOfResponse(bytes, offset, expectedBodyLength);
        if (end === undefined) break;
        offset = end;
        complete += 1;
      }
      rest = offset === bytes.length ? undefined : bytes.subarray(offset);
      return complete;
    },
  };
}

/** Where the response that begins at `start` ends; `undefined` when it is not all there yet. */
function endOfResponse(bytes: Buffer, start: number, expectedBodyLength: number): number | undefined {
  const headLength = bytes.indexOf(headEnd, start);
  if (headLength === -1) return undefined;
  const head = bytes.toString('latin1', start, headLength);
  if (!head.startsWith(expectedStatusLine)) {
    throw new UnexpectedResponse(`expected a 200, got "${head.slice(0, 40).split('\r\n', 1)[0]}"`);
  }
  const bodyStart = headLength + headEnd.length;
  const length = lengthField.exec(head)?.[1];
  if (length !== undefined) {
    requireLength(Number(length), expectedBodyLength);
    const end = bodyStart + expectedBodyLength;
    return end <= bytes.length ? end : undefined;
  }
  if (!chunkedField.test(head)) throw new UnexpectedResponse('the response has neither a length nor chunks');
  return endOfChunks(bytes, bodyStart, expectedBodyLength);
}

function endOfChunks(bytes: Buffer, start: number, expectedBodyLength: number): number | undefined {
  let offset = start;
  let bodyLength = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', offset);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', offset, lineEnd), 16);
    if (!Number.isInteger(size)) throw new UnexpectedResponse('a chunk has no size');
    // Two bytes of line end follow the size, and two more follow the data.
    offset = lineEnd + 2 + size + 2;
    if (offset > bytes.length) return undefined;
    if (size === 0) {
      requireLength(bodyLength, expectedBodyLength);
      return offset;
    }
    bodyLength += size;
  }
}

function requireLength(actual: number, expected: number): void {
  if (actual !== expected) throw new UnexpectedResponse(`expected a body of ${expected} bytes, got ${actual}`);
}
