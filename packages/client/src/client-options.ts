import { ownError } from './client-error.ts';
import { createMemoryStorage } from './storage/memory-storage.ts';
import type { TokenStorage } from './storage/token-storage.ts';

export interface ClientOptions {
  /** Origin of the gateway as browsers see it: its `publicUrl`, such as `https://app.example.com`. */
  readonly gateway: string;
  /** What the owner reads in the list of devices: up to 100 characters on one line. @default what the gateway makes of the User-Agent */
  readonly device?: string;
  /**
   * Where the refresh token is kept. @default memory of this page or process: a reload signs out, and no other script reads it
   */
  readonly storage?: TokenStorage;
  /** Other origins of the same gateway that are sent the token as well, exact: scheme, host and port. @default none */
  readonly origins?: readonly string[];
  /**
   * How long one attempt at a refresh may take. Three attempts have to end within `graceSeconds` of the gateway (30).
   * @default 8000
   */
  readonly refreshTimeoutMilliseconds?: number;
  /** What sends requests. @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch;
  /** Sends passwords and tokens over http to hosts that are not this machine: an emulator that calls its host, a test network. @default false */
  readonly allowInsecureHttpForLocalTests?: boolean;
}

/** The options, verified once. */
export interface ParsedOptions {
  readonly gateway: string;
  readonly device: string | undefined;
  readonly storage: TokenStorage;
  /** The gateway and the others. */
  readonly origins: ReadonlySet<string>;
  readonly refreshTimeoutMilliseconds: number;
  readonly send: typeof globalThis.fetch;
}

const loopback = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Verifies the options. Throws `SP_CLIENT_OPTIONS_INVALID`, with what is wrong. */
export function parseOptions(options: ClientOptions): ParsedOptions {
  const { device, storage, origins = [], refreshTimeoutMilliseconds = 8000, fetch: send } = options;
  const allowsHttp = options.allowInsecureHttpForLocalTests === true;
  const gateway = parseOrigin('gateway', options.gateway, allowsHttp);
  if (device !== undefined && !isDeviceName(device)) throw invalid('device has to be 1 to 100 characters on one line');
  if (!Number.isInteger(refreshTimeoutMilliseconds) || refreshTimeoutMilliseconds < 100)
    throw invalid('refreshTimeoutMilliseconds has to be a whole number of at least 100');
  const others = origins.map((origin, index) => parseOrigin(`origins[${index}]`, origin, allowsHttp));
  return {
    gateway,
    device,
    storage: storage ?? createMemoryStorage(),
    origins: new Set([gateway, ...others]),
    refreshTimeoutMilliseconds,
    // Read at each call: tests and polyfills replace it. Browsers demand that it is called on the global object.
    send: send ?? ((input, init) => globalThis.fetch(input, init)),
  };
}

function parseOrigin(name: string, text: unknown, allowsHttp: boolean): string {
  const url = parseUrl(text);
  if (url === undefined) throw invalid(`${name} has to be an origin such as https://app.example.com`);
  const isOrigin = url.href === `${url.origin}/` && /^https?:$/.test(url.protocol);
  if (!isOrigin) throw invalid(`${name} has to be scheme, host and port alone`);
  if (url.protocol === 'http:' && !allowsHttp && !loopback.test(url.hostname))
    throw invalid(`${name} has to be https: passwords and tokens would be readable on the way`);
  return url.origin;
}

function parseUrl(text: unknown): URL | undefined {
  try {
    return typeof text === 'string' ? new URL(text) : undefined;
  } catch {
    return undefined;
  }
}

function isDeviceName(name: unknown): boolean {
  return typeof name === 'string' && name.trim() !== '' && name.length <= 100 && !/\p{Cc}/u.test(name);
}

function invalid(problem: string): Error {
  return ownError('SP_CLIENT_OPTIONS_INVALID', problem);
}
