import { SallyportError } from '@sallyport/core';

/** Remembers which messages were taken, so that a copy of one is refused. */
export interface MessageReplays {
  /**
   * Takes a message, for exactly one delivery of it. The same delivery may take it again: a broker delivers a message once
   * more whose consumer ended before it was done.
   *
   * Resolves to whether this delivery has it. Rejects where that cannot be found out, which is answered with 503.
   *
   * @param messageId the id of its token.
   * @param delivery what all deliveries of one message have in common.
   * @param takenUntil from then on the message is refused by its age, and may be forgotten.
   */
  claim(messageId: string, delivery: string, takenUntil: Date): Promise<boolean>;
}

export interface MemoryReplaysOptions {
  /** Messages that are remembered at once; with more of them, one is refused with 503. @default 200000 */
  readonly maxEntries?: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/**
 * Remembers in this process. Several processes that share the messages of one queue need a memory that they share, such as
 * `createRedisReplays` of `@sallyport/nestjs/microservices`.
 */
export function createMemoryReplays({
  maxEntries = 200_000,
  clock = Date.now,
}: MemoryReplaysOptions = {}): MessageReplays {
  const taken = new Map<string, { readonly delivery: string; readonly until: number }>();
  let sweptAt = clock();

  const sweep = (now: number): void => {
    sweptAt = now;
    for (const [id, { until }] of taken) if (until <= now) taken.delete(id);
  };

  return {
    claim: (messageId, delivery, takenUntil) => {
      const now = clock();
      if (now - sweptAt > 10_000 || taken.size >= maxEntries) sweep(now);
      const known = taken.get(messageId);
      if (known !== undefined) return Promise.resolve(known.delivery === delivery);
      // To forget one of them would let its copies in.
      if (taken.size >= maxEntries)
        return Promise.reject(new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'too-many-messages-remembered' }));
      taken.set(messageId, { delivery, until: takenUntil.getTime() });
      return Promise.resolve(true);
    },
  };
}
