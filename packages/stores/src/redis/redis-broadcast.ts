import { randomUUID } from 'node:crypto';
import type { Broadcast, Sealer } from '@sallyport/core';
import type { Redis } from './open-redis.ts';

export interface RedisBroadcastOptions {
  readonly redis: Redis;
  /** What the channel is called; one for each purpose. */
  readonly name: string;
  /** For a purpose of its own: who can publish on Redis can neither make a message nor read one. */
  readonly sealer: Sealer;
}

/** A broadcast on Redis, which listens until it is closed. */
export interface RedisBroadcast extends Broadcast {
  close(): void;
}

/** Longer texts are dropped, in characters. */
const maxLength = 32_768;

/** Messages that may be on their way to Redis at once; what comes on top is dropped. */
const maxInFlight = 100;

/**
 * Builds a broadcast on a channel of Redis. Messages are sealed. While Redis does not answer, all are dropped; a connection
 * that was lost is opened again.
 *
 * @example
 * const broadcast = createRedisBroadcast({ redis, name: 'requests', sealer: sealerFor('request-broadcast') });
 */
export function createRedisBroadcast({ redis, name, sealer }: RedisBroadcastOptions): RedisBroadcast {
  const channel = `${redis.prefix}n:${name}`;
  const self = randomUUID();
  const listeners = new Set<(text: string) => void>();
  let inFlight = 0;
  const subscription = redis.listen(channel, {
    onMessage: (message) => {
      const text = openMessage(message, self, sealer, channel);
      if (text !== undefined) for (const listener of listeners) listener(text);
    },
    onOpen: () => {},
    onLost: () => {},
  });
  return {
    send: (text) => {
      if (text.length > maxLength || inFlight >= maxInFlight) return;
      inFlight += 1;
      redis
        .command(channel, ['PUBLISH', channel, `${self} ${sealer.seal(text, channel)}`])
        .catch(() => {})
        .finally(() => (inFlight -= 1));
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      listeners.clear();
      subscription.close();
    },
  };
}

/** `undefined` for a message of this process, and for one that no process of this deployment made. */
function openMessage(message: string, self: string, sealer: Sealer, channel: string): string | undefined {
  const [sender, sealed = ''] = message.split(' ');
  if (sender === self) return undefined;
  try {
    return sealer.open(sealed, channel);
  } catch {
    return undefined;
  }
}
