import { setTimeout as delay } from 'node:timers/promises';
import { exponentialBackoff, withJitter, type Logger } from '@sallyport/core';
import { reconnectBackoff } from './connection-settings.ts';
import { toFault, type RedisFault } from './redis-fault.ts';
import type { OnLost } from './redis-connection.ts';

/** A connection that is opened anew whenever it is lost, for ever. */
export interface KeptConnection<Connection> {
  /** The connection, or `undefined` while there is none. Never waits. */
  current(): Connection | undefined;
  /** Why there is no connection, as far as that is known. */
  lastFault(): RedisFault | undefined;
  /** Gives a connection up, and opens another. Does nothing when it was given up before. */
  drop(connection: Connection, cause: unknown): void;
  close(): void;
}

export interface KeepConnectedOptions<Connection> {
  readonly connect: (attempt: number, onLost: OnLost) => Promise<Connection>;
  readonly onOpen?: (connection: Connection) => void;
  readonly onLost?: () => void;
  readonly logger: Logger;
  /** What the connection is for, in log lines. */
  readonly purpose: string;
}

/** How often the failure is logged while the server stays away. */
const logIntervalMilliseconds = 10_000;

/** Starts connecting, and goes on until it is closed. Pauses grow up to a second and are spread by chance. */
export function keepConnected<Connection extends { destroy(): void }>(
  options: KeepConnectedOptions<Connection>,
): KeptConnection<Connection> {
  const { connect, onOpen, onLost, logger, purpose } = options;
  const closing = new AbortController();
  let open: { readonly connection: Connection; readonly giveUp: OnLost } | undefined;
  let loggedAt = Number.NEGATIVE_INFINITY;
  let fault: RedisFault | undefined;

  const logFailure = (cause: unknown): void => {
    fault = toFault(cause);
    if (performance.now() - loggedAt < logIntervalMilliseconds) return;
    loggedAt = performance.now();
    logger.warn('redis is not connected', { event: 'redis-disconnected', purpose, cause: fault.word });
  };

  const holdOne = async (attempt: number): Promise<void> => {
    const lost = Promise.withResolvers<unknown>();
    const connection = await connect(attempt, lost.resolve);
    if (closing.signal.aborted) return connection.destroy();
    open = { connection, giveUp: lost.resolve };
    loggedAt = Number.NEGATIVE_INFINITY;
    logger.info('redis connected', { event: 'redis-connected', purpose });
    onOpen?.(connection);
    const cause = await lost.promise;
    open = undefined;
    connection.destroy();
    if (closing.signal.aborted) return;
    onLost?.();
    logFailure(cause);
  };

  const keep = async (): Promise<void> => {
    let failures = 0;
    for (let attempt = 0; !closing.signal.aborted; attempt += 1) {
      try {
        await holdOne(attempt);
        failures = 0;
      } catch (cause) {
        failures += 1;
        logFailure(cause);
      }
      const pause = withJitter(exponentialBackoff(failures, reconnectBackoff));
      await delay(pause, undefined, { signal: closing.signal, ref: false }).catch(() => {});
    }
  };
  void keep();

  return {
    current: () => open?.connection,
    lastFault: () => fault,
    drop: (connection, cause) => {
      if (open?.connection !== connection) return;
      const { giveUp } = open;
      // At once: no caller may use it while the rest runs.
      open = undefined;
      giveUp(cause);
    },
    close: () => {
      closing.abort();
      open?.giveUp(undefined);
      open = undefined;
    },
  };
}
