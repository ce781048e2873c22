import { OptionsError } from '@sallyport/core';
import type { RedisConnection } from './redis-connection.ts';

/** How the entries of Redis streams are worked off. */
export interface RedisStreamsOptions {
  /** A connection of ioredis. It is duplicated for reading, which waits on it; it stays open itself. */
  readonly redis: RedisConnection;
  readonly streams: readonly string[];
  /** The consumer group: each entry goes to one process of it. It is made where there is none, from the first entry on. */
  readonly group: string;
  /** The name of this process in the group; another one than those of the others. */
  readonly consumer: string;
  /** Entries that are worked on at once. @default 10 */
  readonly batchSize?: number;
  /** After how long without an end an entry is delivered again, to whichever process asks. @default 30000 */
  readonly retryMilliseconds?: number;
  /** How often an entry is delivered before it is given up. @default 5 */
  readonly maxDeliveries?: number;
}

/** Options after their defaults were filled in. */
export type CheckedRedisStreamsOptions = Required<RedisStreamsOptions>;

const bounds = {
  batchSize: [1, 1000],
  retryMilliseconds: [100, 86_400_000],
  maxDeliveries: [1, 1000],
} as const satisfies Partial<Record<keyof RedisStreamsOptions, readonly [number, number]>>;

const known: ReadonlySet<string> = new Set(['redis', 'streams', 'group', 'consumer', ...Object.keys(bounds)]);

/**
 * Checks the options.
 *
 * @throws OptionsError that names every problem by key, never by value.
 */
export function checkRedisStreamsOptions(options: RedisStreamsOptions): CheckedRedisStreamsOptions {
  const checked = { batchSize: 10, retryMilliseconds: 30_000, maxDeliveries: 5, ...options };
  const { redis, streams, group, consumer } = options;
  const problems = [
    ...Object.keys(options).flatMap((key) => (known.has(key) ? [] : [`${key} is not an option`])),
    ...(typeof redis?.call === 'function' && typeof redis.duplicate === 'function'
      ? []
      : ['redis must be a connection of ioredis']),
    ...(Array.isArray(streams) && streams.length > 0 && streams.every(isName) ? [] : ['streams must name a stream']),
    ...(isName(group) ? [] : ['group is missing']),
    ...(isName(consumer) ? [] : ['consumer is missing']),
    ...Object.entries(bounds).flatMap(([key, [least, most]]) => {
      const value: unknown = Reflect.get(checked, key);
      const isWithin = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
      return isWithin ? [] : [`${key} must be a whole number from ${least} to ${most}`];
    }),
  ];
  if (problems.length === 0) return checked;
  throw new OptionsError(['RedisStreamsServer has bad options:', ...problems.map((one) => `  - ${one}`)].join('\n'));
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
