import type { IncomingMessage, ServerResponse } from 'node:http';
import { SallyportError } from '@sallyport/core';
import { createPerConnection } from '../per-connection.ts';
import { randomHex } from '../random-hex.ts';
import type { NoteRefusal } from '../record/note-refusal.ts';

/** Requests that wait behind one that is not answered. A client that sends more is cut, and may send them again. */
const mostWaiting = 64;

const waitingOn = createPerConnection<number>('requests that wait');

/**
 * Begins a request once the one before it on the same connection is answered (RFC 9112, section 9.3.2): a connection
 * takes one place at a service, however many requests its client sends at once. When the client leaves, those that wait
 * are never begun. A client with more than 64 that wait is hung up on.
 *
 * Costs a request that comes alone nothing: Node gives a response its socket when it is its turn.
 */
export function inTurn(
  request: IncomingMessage,
  response: ServerResponse,
  note: NoteRefusal | undefined,
  begin: () => void,
): void {
  if (response.socket !== null) return begin();
  const { socket } = request;
  if (socket.destroyed) return;
  const waiting = waitingOn.get(socket) ?? 0;
  if (waiting === mostWaiting) {
    note?.({ requestId: randomHex(32), error: new SallyportError('SP_TOO_MANY_REQUESTS', { reason: 'pipelined' }) });
    socket.destroy();
    return;
  }
  waitingOn.set(socket, waiting + 1);
  response.once('socket', () => {
    waitingOn.set(socket, (waitingOn.get(socket) ?? 1) - 1);
    begin();
  });
}
