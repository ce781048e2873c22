import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SallyportError } from '@sallyport/core';
import type { NoteRefusal } from '../record/note-refusal.ts';
import { writeProblem } from './unreadable-request.ts';

/** What OpenSSL calls plain HTTP where it expects a handshake. */
const spokeHttp = 'ERR_SSL_HTTP_REQUEST';

/**
 * Answers a client that speaks plain HTTP to an https port by a problem instead of a broken connection. Nothing of the
 * request is looked at.
 *
 * @returns whether it was that; a handshake that failed otherwise is hung up on without a word.
 */
export function answerSpokenWithoutTls(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  publicOrigin: string,
  note: NoteRefusal | undefined,
): boolean {
  if (error.code !== spokeHttp) return false;
  // Node keeps the connection below TLS in a field without a public name. Without it there is no way to answer.
  const connection: unknown = Reflect.get(socket, '_parent');
  if (connection instanceof Socket && connection.writable) {
    const refusal = new SallyportError('SP_TLS_EXPECTED', { reason: 'http-on-https-port' });
    note?.(writeProblem(refusal, connection, publicOrigin));
  }
  return true;
}
