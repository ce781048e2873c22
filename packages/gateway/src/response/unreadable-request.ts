import type { Duplex } from 'node:stream';
import { SallyportError, toProblem } from '@sallyport/core';
import { knownMethods } from '../firewall/canonical-request.ts';
import { randomHex } from '../random-hex.ts';
import type { EarlyRefusal } from '../record/note-refusal.ts';

/**
 * Answers bytes that Node's parser could not read as a request, in the shape of every other refusal, and hangs up.
 *
 * @returns the refusal; nothing when the client had left.
 */
export function answerUnreadable(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  publicOrigin: string,
): EarlyRefusal | undefined {
  if (!socket.writable || isAnswering(socket) || error.code === 'ECONNRESET') {
    socket.destroy();
    return undefined;
  }
  return writeProblem(toRefusal(error.code), socket, publicOrigin);
}

/** Writes a problem on a connection that carries no request, and hangs up. */
export function writeProblem(error: SallyportError, socket: Duplex, publicOrigin: string): EarlyRefusal {
  const requestId = randomHex(32);
  const { status, headers, body } = toProblem(error, {
    requestId,
    documentationOrigin: publicOrigin,
  });
  const content = JSON.stringify(body);
  const lines = Object.entries({ ...headers, connection: 'close', 'content-length': String(content.length) });
  socket.end(
    [`HTTP/1.1 ${status} Refused`, ...lines.map(([name, value]) => `${name}: ${value}`), '', content].join('\r\n'),
    // Whatever else the client sends is not read.
    () => socket.destroy(),
  );
  return { requestId, error };
}

function toRefusal(code: string | undefined): SallyportError {
  if (code === 'HPE_INVALID_METHOD')
    return new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-unknown', allow: knownMethods });
  if (code === 'HPE_HEADER_OVERFLOW') return new SallyportError('SP_HEADERS_TOO_LARGE', { reason: 'header-bytes' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new SallyportError('SP_REQUEST_TIMEOUT', { reason: 'headers-timeout' });
  return new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'not-http' });
}

/** Node keeps the running answer of a connection in a field without a public name; writing into one would corrupt it. */
function isAnswering(socket: Duplex): boolean {
  const running: unknown = Reflect.get(socket, '_httpMessage');
  return typeof running === 'object' && running !== null && Reflect.get(running, 'headersSent') === true;
}
