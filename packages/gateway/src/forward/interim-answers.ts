import { Socket } from 'node:net';

const reader = Symbol('reader of interim answers');

interface ReadSocket extends Socket {
  [reader]?: InterimReader;
}

/** A head that grows beyond this is no interim answer: the parser behind is to see it, and to refuse it. */
const longestHead = 65_536;

const one = 0x31;
const zero = 0x30;
const headEnd = Buffer.from('\r\n\r\n');
const start = Buffer.from('HTTP/1.');

/**
 * Skips interim answers (1xx) on a connection to an upstream, where they come before the answer to a request: a gateway
 * may drop those that it did not ask for (RFC 9110, section 15.2). undici takes an unasked 100 for a broken connection.
 * 101 ends a handshake, and is none. What stands in the middle of a body is never looked at.
 *
 * @param socket a new connection, over which one request goes at a time. The first waits for it.
 * @param interim told whenever another request is sent over it.
 */
export function skipInterimAnswers(socket: Socket, interim: InterimReader): void {
  interim.begin();
  (socket as ReadSocket)[reader] = interim;
  socket.push = pushAnswer;
}

/** Node hands on what it read. Once for each chunk, where the chunk is read several times. */
function pushAnswer(this: ReadSocket, chunk: unknown, encoding?: BufferEncoding): boolean {
  const interim = this[reader];
  if (interim?.isAtStart !== true || !Buffer.isBuffer(chunk)) return Socket.prototype.push.call(this, chunk, encoding);
  const rest = interim.skip(chunk);
  // Nothing would be the end of the connection.
  return rest === null || Socket.prototype.push.call(this, rest);
}

/** Knows where on a connection an answer begins. */
export class InterimReader {
  /** Whether the next byte begins the head of an answer. */
  isAtStart = false;
  #held: Buffer | undefined;

  /** A connection is new. */
  begin(): void {
    this.isAtStart = true;
    this.#held = undefined;
  }

  /** What of a chunk is not an interim answer; nothing while that cannot be told. */
  skip(chunk: Buffer): Buffer | null {
    let rest = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    while (rest.length > 0) {
      const kind = kindOf(rest);
      const end = kind === 'interim' ? rest.indexOf(headEnd) : -1;
      if (kind === 'answer' || (end === -1 && rest.length > longestHead)) {
        this.isAtStart = false;
        return rest;
      }
      if (end === -1) {
        this.#held = rest;
        return null;
      }
      rest = rest.subarray(end + headEnd.length);
    }
    return null;
  }
}

/** Told by the status, which is the tenth byte and the two behind it (`HTTP/1.1 103`). */
function kindOf(bytes: Buffer): 'interim' | 'answer' | 'unknown' {
  if (bytes.length < 12) return mayBegin(bytes) ? 'unknown' : 'answer';
  if (bytes[9] !== one || !mayBegin(bytes)) return 'answer';
  return bytes[10] === zero && bytes[11] === one ? 'answer' : 'interim';
}

function mayBegin(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length)) && (bytes.length < 10 || bytes[9] === one);
}
