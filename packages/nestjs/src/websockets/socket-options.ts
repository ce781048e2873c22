import { OptionsError } from '@sallyport/core';

/** Bounds of the WebSocket adapters, and the pages that may connect. */
export interface SallyportSocketOptions {
  /** Origins of pages that may connect besides those of the gateway's public URL, such as `https://app.example.com`. */
  readonly origins?: readonly string[];
  /** Connections at one time in this process. 1 to 1000000. @default 10000 */
  readonly maxConnections?: number;
  /** Connections of one caller at one time. 1 to 1000000. @default 128 */
  readonly maxConnectionsPerCaller?: number;
  /** Connections of all anonymous callers together, at gateways that are `@Public`. 1 to 1000000. @default 1000 */
  readonly maxAnonymousConnections?: number;
  /** Bytes of one message. 1024 to 104857600. @default 65536 */
  readonly maxMessageBytes?: number;
  /** Messages of one connection in a second; twice as many at once after a pause. 1 to 100000. @default 50 */
  readonly maxMessagesPerSecond?: number;
}

/** The options with their defaults. */
export type SocketSettings = Required<SallyportSocketOptions>;

const bounds = {
  maxConnections: { usual: 10_000, least: 1, most: 1_000_000 },
  maxConnectionsPerCaller: { usual: 128, least: 1, most: 1_000_000 },
  maxAnonymousConnections: { usual: 1000, least: 1, most: 1_000_000 },
  maxMessageBytes: { usual: 65_536, least: 1024, most: 104_857_600 },
  maxMessagesPerSecond: { usual: 50, least: 1, most: 100_000 },
} as const satisfies Partial<Record<keyof SallyportSocketOptions, object>>;

type BoundName = keyof typeof bounds;

/**
 * Checks the options of an adapter once, and fills in what is not given.
 *
 * @throws OptionsError that names every problem by key, never by value.
 */
export function requireSocketOptions(adapter: string, options: SallyportSocketOptions): SocketSettings {
  const problems = Object.entries(options).flatMap(([key, value]: [string, unknown]) => problemOf(key, value));
  if (problems.length > 0)
    throw new OptionsError([`${adapter} has bad options:`, ...problems.map((problem) => `  - ${problem}`)].join('\n'));
  const numbers = Object.fromEntries(
    Object.entries(bounds).map(([key, { usual }]) => [key, options[key as BoundName] ?? usual]), // A key of the table.
  ) as Record<BoundName, number>;
  return { ...numbers, origins: options.origins ?? [] };
}

function problemOf(key: string, value: unknown): readonly string[] {
  if (key === 'origins') {
    const isList = value === undefined || (Array.isArray(value) && value.every(isOrigin));
    return isList ? [] : ['origins must be a list of origins, such as https://app.example.com'];
  }
  if (!isBoundName(key)) return [`${key} is not an option`];
  const { least, most } = bounds[key];
  const isWithin = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
  return value === undefined || isWithin ? [] : [`${key} must be a whole number from ${least} to ${most}`];
}

function isBoundName(key: string): key is BoundName {
  return Object.hasOwn(bounds, key);
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
}
