import { OptionsError, silentLogger, type Logger } from '@sallyport/core';
import { keepConnected } from './keep-connected.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import {
  connectForCommands,
  connectToChannel,
  type ChannelConnection,
  type CommandConnection,
} from './redis-connection.ts';
import { RedisFault, toFault, toRedisError } from './redis-fault.ts';
import type { RedisScript } from './redis-script.ts';
import { parseRedisUrl } from './redis-url.ts';
import { within } from './time-limit.ts';

export interface OpenRedisOptions {
  /** See `parseRedisUrl`. It holds the password, and is in no error and no log line. */
  readonly url: string;
  /** In front of every key and channel, so that deployments can share a server. @default 'sallyport:' */
  readonly prefix?: string;
  /** What `CLIENT LIST` shows. @default 'sallyport' */
  readonly clientName?: string;
  /** PEM text of the authorities that are believed instead of the usual ones, with TLS. */
  readonly ca?: string;
  /** @default 1000 */
  readonly connectTimeoutMilliseconds?: number;
  /** How long a command may take. @default 500 */
  readonly commandTimeoutMilliseconds?: number;
  /** Commands that may be under way at once; what comes on top is refused. @default 1000 */
  readonly maximumInFlight?: number;
  readonly logger?: Logger;
}

/** How a channel is listened to. */
export interface ChannelListener {
  readonly onMessage: (message: string) => void;
  /** Called each time the subscription starts. */
  readonly onOpen: () => void;
  /** Called each time the subscription is lost. */
  readonly onLost: () => void;
}

/** A channel that is listened to, again after every loss. */
export interface ChannelSubscription {
  /** Resolves when everything that was sent before has arrived; rejects without a subscription. */
  sync(): Promise<void>;
  /** Gives the connection up and listens on another. */
  drop(cause: unknown): void;
  close(): void;
}

/** Redis, as the stores use it. Nothing waits for a connection: without one every call rejects at once. */
export interface Redis {
  readonly prefix: string;
  /** Runs a command on the server that holds the key, which is also among its arguments. */
  command(key: string, args: readonly string[]): Promise<unknown>;
  /** Runs a script on its key. It is sent again to a server that does not know it (NOSCRIPT). */
  script(script: RedisScript, key: string, args: readonly string[]): Promise<unknown>;
  isConnected(): boolean;
  /** Resolves when Redis answers; rejects with `SP_STORE_UNAVAILABLE` when it does not within the time. */
  ready(milliseconds: number): Promise<void>;
  listen(channel: string, listener: ChannelListener): ChannelSubscription;
  /**
   * Uses the users and passwords of another URL for the same Redis, from the next connection on. What is connected goes on.
   *
   * @throws OptionsError for a URL that cannot be used.
   */
  useCredentials(url: string): void;
  close(): void;
}

/** What may stand in front of every key and channel. */
export const redisPrefixForm = /^[A-Za-z0-9_.:-]{1,64}$/;

const pollMilliseconds = 20;

/** A hanging node of a Cluster makes the whole client new, but not more often than this. */
const clusterDropIntervalMilliseconds = 2000;

/** Replies after which another server must be looked for: this one was demoted, or it cannot serve. */
const uselessServer: ReadonlySet<string> = new Set(['READONLY', 'MASTERDOWN', 'NOAUTH']);

/**
 * Opens Redis: one server, a server behind Sentinels, or a Cluster. It starts connecting at once and goes on for ever;
 * whatever happens to the connection, no error of it ends the process.
 *
 * Every call rejects with `SP_STORE_UNAVAILABLE` when Redis does not do its work, whatever the cause. A command that takes
 * too long while nothing else is answered ends the connection: half-open ones would otherwise last for many minutes.
 *
 * @throws OptionsError for a URL, prefix or limit that cannot be used; the message holds none of their values.
 */
export function openRedis(options: OpenRedisOptions): Redis {
  const { prefix = 'sallyport:', maximumInFlight = 1000, logger = silentLogger } = options;
  let settings = toSettings(options);
  if (!redisPrefixForm.test(prefix))
    throw new OptionsError('the prefix of keys must be 1 to 64 letters, digits or _ . : -');
  const isCluster = settings.address.kind === 'cluster';
  const subscriptions = new Set<ChannelSubscription>();
  const commands = keepConnected<CommandConnection>({
    connect: (_attempt, onLost) => connectForCommands(settings, `${prefix}probe`, onLost),
    logger,
    purpose: 'commands',
  });
  let inFlight = 0;
  let repliedAt = 0;
  let droppedAt = Number.NEGATIVE_INFINITY;

  const learnFrom = (fault: RedisFault, connection: CommandConnection, sentAt: number): void => {
    const isHanging = fault.word === 'TIMEOUT' && (isCluster || repliedAt < sentAt);
    const isUseless = !isCluster && uselessServer.has(fault.word);
    if (!isHanging && !isUseless) return;
    if (isCluster && performance.now() - droppedAt < clusterDropIntervalMilliseconds) return;
    droppedAt = performance.now();
    commands.drop(connection, fault);
  };

  const send = async (key: string, args: readonly string[]): Promise<unknown> => {
    const connection = commands.current();
    if (connection === undefined) throw new RedisFault('DISCONNECTED');
    if (inFlight >= maximumInFlight) throw new RedisFault('BUSY');
    inFlight += 1;
    const sentAt = performance.now();
    try {
      const reply = await within(settings.commandTimeoutMilliseconds, connection.send(key, args));
      repliedAt = performance.now();
      return reply;
    } catch (cause) {
      const fault = toFault(cause);
      learnFrom(fault, connection, sentAt);
      throw fault;
    } finally {
      inFlight -= 1;
    }
  };

  return {
    prefix,
    command: (key, args) => send(key, args).catch(rethrow),
    script: async ({ text, sha1 }, key, args) => {
      const rest = ['1', key, ...args];
      try {
        return await send(key, ['EVALSHA', sha1, ...rest]);
      } catch (cause) {
        if (!(cause instanceof RedisFault) || cause.word !== 'NOSCRIPT') throw toRedisError(cause);
        return send(key, ['EVAL', text, ...rest]).catch(rethrow);
      }
    },
    isConnected: () => commands.current() !== undefined,
    ready: async (milliseconds) => {
      const deadline = performance.now() + milliseconds;
      while (commands.current() === undefined) {
        if (performance.now() >= deadline) throw toRedisError(commands.lastFault() ?? new RedisFault('DISCONNECTED'));
        await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
      }
    },
    listen: (channel, listener) => {
      const subscription = openSubscription(() => settings, channel, listener, logger);
      subscriptions.add(subscription);
      return subscription;
    },
    useCredentials: (url) => {
      settings = toSettings({ ...options, url });
    },
    close: () => {
      for (const subscription of subscriptions) subscription.close();
      commands.close();
    },
  };
}

function toSettings(options: OpenRedisOptions): ConnectionSettings {
  const { clientName = 'sallyport', ca, maximumInFlight = 1000 } = options;
  const { connectTimeoutMilliseconds = 1000, commandTimeoutMilliseconds = 500 } = options;
  const limits = [connectTimeoutMilliseconds, commandTimeoutMilliseconds, maximumInFlight];
  if (!limits.every((limit) => Number.isSafeInteger(limit) && limit > 0))
    throw new OptionsError('timeouts and limits of Redis must be positive whole numbers');
  return {
    address: parseRedisUrl(options.url),
    clientName,
    ...(ca === undefined ? {} : { ca }),
    connectTimeoutMilliseconds,
    commandTimeoutMilliseconds,
    // What timed out stays in the driver until the connection is given up.
    maximumQueued: maximumInFlight * 2,
  };
}

function openSubscription(
  settings: () => ConnectionSettings,
  channel: string,
  { onMessage, onOpen, onLost }: ChannelListener,
  logger: Logger,
): ChannelSubscription {
  const kept = keepConnected<ChannelConnection>({
    connect: (attempt, onConnectionLost) => connectToChannel(settings(), channel, attempt, onMessage, onConnectionLost),
    onOpen,
    onLost,
    logger,
    purpose: 'events',
  });
  return {
    sync: async () => {
      const connection = kept.current();
      if (connection === undefined) throw toRedisError(new RedisFault('DISCONNECTED'));
      try {
        await connection.ping();
      } catch (cause) {
        kept.drop(connection, cause);
        throw toRedisError(cause);
      }
    },
    drop: (cause) => {
      const connection = kept.current();
      if (connection !== undefined) kept.drop(connection, cause);
    },
    close: () => kept.close(),
  };
}

function rethrow(cause: unknown): never {
  throw toRedisError(cause);
}
