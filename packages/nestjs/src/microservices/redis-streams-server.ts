import { setTimeout as wait } from 'node:timers/promises';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import type { RedisConnection } from './redis-connection.ts';
import { RedisStreamsContext } from './redis-streams-context.ts';
import {
  checkRedisStreamsOptions,
  type CheckedRedisStreamsOptions,
  type RedisStreamsOptions,
} from './redis-streams-options.ts';
import { parseEntries, parsePending, parseStreams, type StreamEntry } from './stream-entry.ts';

/** How long a read waits for an entry: after it, entries are looked for that others left. */
const blockMilliseconds = 1000;
const pauseMilliseconds = 1000;
/** Of each stream of entries that were given up; older ones go. */
const keptRefusals = 10_000;

/** What became of an entry. */
type Outcome =
  | { readonly kind: 'done' }
  /** It is refused, now and whenever it is tried again. */
  | { readonly kind: 'refused'; readonly code: string }
  /** It may do when it is tried again. */
  | { readonly kind: 'failed'; readonly code: string };

/**
 * Works off Redis streams with the handlers of an application: `@EventPattern('invoice.create')` gets the entries whose
 * field `pattern` says so, with the JSON of the field `data`.
 *
 * An entry is acknowledged when its handlers have ended. What fails is delivered again after `retryMilliseconds`, also to
 * another process, `maxDeliveries` times. What is refused (401, 403) is not tried again; 503 is no refusal. What was given
 * up stands in the stream `<stream>:refused` with its reason.
 *
 * @example
 * app.connectMicroservice({
 *   strategy: new RedisStreamsServer({ redis, streams: ['invoices'], group: 'billing', consumer: hostname() }),
 * });
 */
export class RedisStreamsServer extends Server implements CustomTransportStrategy {
  // Handlers that name no transport are for this one, too.
  override readonly transportId = Symbol.for('@sallyport/nestjs:redis-streams');
  // Nest leaves it to this class to say what became of a handler.
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: CheckedRedisStreamsOptions;
  #reader: RedisConnection | undefined;
  #work: Promise<void> = Promise.resolve();

  /** @throws OptionsError that names every bad option. */
  constructor(options: RedisStreamsOptions) {
    super();
    this.#options = checkRedisStreamsOptions(options);
  }

  /** Called by Nest: makes the group where there is none, and begins. */
  listen(callback: (error?: unknown) => void): void {
    const reader = this.#options.redis.duplicate();
    this.#reader = reader;
    void this.#begin(reader, callback);
  }

  /** Called by Nest: resolves when the entries are done that were begun. */
  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.disconnect();
    await this.#work;
  }

  /** @throws always: a connection of ioredis has events of its own. */
  on(): never {
    throw new Error('RedisStreamsServer has no events: listen to those of its connection');
  }

  /** The connection that acknowledges entries. */
  unwrap<Connection = RedisConnection>(): Connection {
    return this.#options.redis as Connection;
  }

  async #begin(reader: RedisConnection, callback: (error?: unknown) => void): Promise<void> {
    try {
      await this.#makeGroups();
    } catch (error) {
      callback(error);
      return;
    }
    this.#work = this.#run(reader);
    callback();
  }

  async #makeGroups(): Promise<void> {
    const { redis, streams, group } = this.#options;
    for (const stream of streams) {
      try {
        await redis.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM');
      } catch (error) {
        if (!String(error).includes('BUSYGROUP')) throw error;
      }
    }
  }

  async #run(reader: RedisConnection): Promise<void> {
    while (this.#reader === reader) {
      try {
        const entries = [...(await this.#takeOver()), ...(await this.#read(reader))];
        await Promise.all(entries.map((entry) => this.#handle(entry)));
      } catch (error) {
        if (this.#reader !== reader) return;
        this.logger.error(error);
        await wait(pauseMilliseconds);
      }
    }
  }

  async #read(reader: RedisConnection): Promise<readonly StreamEntry[]> {
    const { streams, group, consumer, batchSize } = this.#options;
    const place = ['GROUP', group, consumer, 'COUNT', batchSize, 'BLOCK', blockMilliseconds, 'STREAMS', ...streams];
    return parseStreams(await reader.call('XREADGROUP', ...place, ...streams.map(() => '>')));
  }

  /** Entries that a process took and did not end. Which process gets each, one XCLAIM decides. */
  async #takeOver(): Promise<readonly StreamEntry[]> {
    const { redis, streams, group, consumer, batchSize, retryMilliseconds, maxDeliveries } = this.#options;
    const taken: StreamEntry[] = [];
    for (const stream of streams) {
      const left = await redis.call('XPENDING', stream, group, 'IDLE', retryMilliseconds, '-', '+', batchSize);
      for (const { id, deliveries } of parsePending(left)) {
        const claimed = await redis.call('XCLAIM', stream, group, consumer, retryMilliseconds, id);
        const entries = parseEntries(stream, claimed);
        if (deliveries < maxDeliveries) taken.push(...entries);
        else for (const entry of entries) await this.#giveUp(entry, 'delivered-too-often');
      }
    }
    return taken;
  }

  async #handle(entry: StreamEntry): Promise<void> {
    const outcome = await this.#outcomeOf(entry);
    if (outcome.kind === 'refused') return this.#giveUp(entry, outcome.code);
    if (outcome.kind === 'done') return this.#acknowledge(entry);
    this.logger.warn(`entry ${entry.id} of a stream failed (${outcome.code}); it is delivered again`);
  }

  async #outcomeOf({ stream, id, pattern, data }: StreamEntry): Promise<Outcome> {
    if (pattern === undefined || data === undefined) return { kind: 'refused', code: 'fields-missing' };
    const handler = this.getHandlerByPattern(pattern);
    if (handler === null) return { kind: 'refused', code: 'no-handler' };
    const payload = parseJson(data);
    if (payload === undefined) return { kind: 'refused', code: 'data-not-json' };
    try {
      const result: unknown = await handler(payload.value, new RedisStreamsContext([stream, id, pattern]));
      await lastValueFrom(this.transformToObservable(result), { defaultValue: undefined });
      return { kind: 'done' };
    } catch (error) {
      return toOutcome(error);
    }
  }

  async #giveUp(entry: StreamEntry, code: string): Promise<void> {
    const { stream, id, pattern = '', data = '' } = entry;
    const fields = ['id', id, 'code', code, 'pattern', pattern, 'data', data];
    // First kept, then acknowledged: an accident between the two keeps it twice, and loses nothing.
    await this.#options.redis.call('XADD', `${stream}:refused`, 'MAXLEN', '~', keptRefusals, '*', ...fields);
    await this.#acknowledge(entry);
    this.logger.warn(`entry ${id} of a stream is given up (${code})`);
  }

  async #acknowledge({ stream, id }: StreamEntry): Promise<void> {
    await this.#options.redis.call('XACK', stream, this.#options.group, id);
  }
}

/** What a handler, or the guard in front of it, ended with: the form of an RpcException. */
function toOutcome(error: unknown): Outcome {
  const { statusCode, code } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly statusCode?: unknown;
    readonly code?: unknown;
  };
  const name = typeof code === 'string' ? code : 'handler-failed';
  // 429 and 5xx say that it may do later.
  const isFinal = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 && statusCode !== 429;
  return { kind: isFinal ? 'refused' : 'failed', code: name };
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
