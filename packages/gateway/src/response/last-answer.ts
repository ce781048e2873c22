import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createPerConnection } from '../per-connection.ts';

const ending = createPerConnection<true>('the answer being given is the last one');

/**
 * Says that the connection ends with the answer that is being given. What was sent behind the request has been read by
 * then, and is not to be taken for a request.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112#section-9.6 RFC 9112, section 9.6}
 */
export function endWithThisAnswer(socket: Socket): void {
  ending.set(socket, true);
}

/** Whether a request stands behind the last one of its connection. */
export function isResponseClosed(response: ServerResponse, socket: Socket): boolean {
  // Only what waits for an earlier answer, or comes after the end, has no connection of its own to answer on.
  return (response.socket === null || socket.writableEnded) && ending.get(socket) === true;
}
