import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { EventBoundary } from './event-boundary.ts';
import { endSigns, type StreamEnd } from './stream-end.ts';

/** How long a slow reader may take for the last event, when the gateway has ended the stream. */
const finalEventMilliseconds = 750;

/** Ends an answer that has begun: with a last event where one can be said, else by cutting it off. */
export function sendFinalEvent(
  response: ServerResponse,
  socket: Socket,
  end: StreamEnd,
  events: EventBoundary | undefined,
): void {
  if (response.writableEnded) return;
  if (events?.isReached !== true) {
    response.destroy();
    return;
  }
  // The connection goes as well: a client that watches only that has to see the end, too.
  response.end(endSigns[end].event ?? '', () => socket.destroySoon());
  const cut = setTimeout(() => response.destroy(), finalEventMilliseconds);
  response.once('close', () => clearTimeout(cut));
}
