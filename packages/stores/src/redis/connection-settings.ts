import type { RedisAddress } from './redis-url.ts';

/** Pauses between attempts to connect. */
export const reconnectBackoff = { firstMilliseconds: 50, maxMilliseconds: 1000 };

/** Everything that a connection needs to know. */
export interface ConnectionSettings {
  readonly address: RedisAddress;
  readonly clientName: string;
  /** PEM text of the authorities that are believed instead of the usual ones. */
  readonly ca?: string;
  readonly connectTimeoutMilliseconds: number;
  readonly commandTimeoutMilliseconds: number;
  readonly maximumQueued: number;
}
