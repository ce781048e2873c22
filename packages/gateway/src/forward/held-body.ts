import { getDefaultHighWaterMark, Transform, type Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { SallyportError } from '@sallyport/core';

export interface BodyBounds {
  /** Bytes of a body. */
  readonly limit: number;
  /** Bytes that arrive before `onArrived`. */
  readonly heldBytes: number;
}

/**
 * The body of a request, counted as it passes. Never the request itself: undici destroys what it reads from when an
 * upstream answers early, and with it would go the connection on which the client waits for that answer.
 *
 * `onArrived` is called once, when the body is whole or so much of it is there; `onError` when it is too large before.
 */
export function readBody(
  message: IncomingMessage,
  { limit, heldBytes }: BodyBounds,
  onArrived: () => void,
  onError: (error: Error) => void,
): Readable {
  let total = 0;
  let isArrived = heldBytes === 0;
  const arrive = (): void => {
    if (isArrived) return;
    isArrived = true;
    onArrived();
  };
  const body = new Transform({
    // Reads on until so much is there.
    readableHighWaterMark: Math.max(heldBytes, getDefaultHighWaterMark(false)),
    transform: (chunk: Buffer, _encoding, done) => {
      total += chunk.length;
      if (total > limit) return done(tooLarge());
      done(null, chunk);
      if (total >= heldBytes) arrive();
    },
    flush: (done) => {
      done();
      arrive();
    },
  });
  // Undici hears of errors while it reads; what comes after that has no effect.
  body.on('error', (error) => {
    if (!isArrived) onError(error);
  });
  return message.pipe(body);
}

/** Refuses a body, by what it announces or by what came of it. */
export function tooLarge(): SallyportError {
  return new SallyportError('SP_BODY_TOO_LARGE', { reason: 'body-limit' });
}
