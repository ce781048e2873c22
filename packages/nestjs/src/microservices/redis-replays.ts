import { OptionsError } from '@sallyport/core';
import type { MessageReplays } from '../messages/message-replays.ts';
import type { RedisConnection } from './redis-connection.ts';

export interface RedisReplaysOptions {
  /** A connection of ioredis, which stays open. */
  readonly redis: Pick<RedisConnection, 'call'>;
  /**
   * The processes that share the messages of one queue have one name, such as `billing`. Those that each get every message
   * have names of their own, or the memory of their process.
   */
  readonly name: string;
}

/** Clocks of consumers may differ: a message is remembered for longer than any of them takes it. */
const marginMilliseconds = 60_000;

/**
 * Remembers in Redis which messages were taken, for processes that share the messages of one queue. One `SET … NX` decides,
 * so that of many deliveries at once exactly one has the message.
 *
 * @throws OptionsError for a name with other characters than letters, digits, `.`, `_` and `-`.
 * @example
 * SallyportModule.forRoot({ …, messages: { replays: createRedisReplays({ redis, name: 'billing' }) } });
 */
export function createRedisReplays({ redis, name }: RedisReplaysOptions): MessageReplays {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(name))
    throw new OptionsError('the name of shared replays has letters, digits, ".", "_" and "-"');
  return {
    claim: async (messageId, delivery, takenUntil) => {
      const key = `sallyport:messages:${name}:${messageId}`;
      const milliseconds = Math.max(takenUntil.getTime() - Date.now(), 0) + marginMilliseconds;
      const isFirst = await redis.call('SET', key, delivery, 'PX', milliseconds, 'NX');
      return isFirst === 'OK' || (await redis.call('GET', key)) === delivery;
    },
  };
}
