import { createLocalJWKSet, errors } from 'jose';
import { SallyportError } from '../errors/sallyport-error.ts';
import { fetchKeySet } from './fetch-key-set.ts';
import type { FindKey, JsonWebKeySet } from './json-web-keys.ts';

/** Finds the key for a token. Resolves to a key, or rejects with `SP_TOKEN_INVALID` or `SP_KEYS_UNAVAILABLE`. */
export interface KeySource {
  /**
   * What its keys are. A verifier accepts the algorithms of that kind and of no other, so that a public key is never taken
   * for a secret, nor a published secret for a key. @default 'public-keys'
   */
  readonly kind?: 'public-keys' | 'shared-secret';
  readonly getKey: FindKey;
  /** Rejects a key from now on, whatever still publishes it, and fetches the keys again. */
  readonly withdraw?: (kid: string) => void;
}

export interface RemoteKeySourceOptions {
  /** Address of the JSON Web Key Set. */
  readonly url: string;
  /** The shortest time between two fetches, so that made-up key ids cannot flood the key endpoint. @default 5 */
  readonly cooldownSeconds?: number;
  /** The age at which the keys are fetched again, in the background. @default what the endpoint says, and 300 at most */
  readonly refreshSeconds?: number;
  /** How long the last good keys serve while the endpoint is down. @default 86400 */
  readonly keepLastGoodSeconds?: number;
  /** @default 3000 */
  readonly timeoutMilliseconds?: number;
  readonly fetch?: typeof fetch;
  readonly now?: () => Date;
}

/** The longest age at which keys are fetched again, whatever the endpoint says. */
const longestRefreshSeconds = 300;

/** Withdrawn keys that are remembered; there is one, if any. */
const maximumWithdrawn = 100;

/** Keys that are already at hand: for tests, and for the gateway itself. */
export function createLocalKeySource(keys: JsonWebKeySet): KeySource {
  return { getKey: createLocalJWKSet(keys) };
}

/**
 * Keys fetched from the gateway, with three guarantees: a known key never waits for the network, an unknown key id causes
 * at most one fetch per cool-down however many requests carry it, and a broken answer never replaces good keys.
 */
export function createRemoteKeySource(options: RemoteKeySourceOptions): KeySource {
  const { url, cooldownSeconds = 5, keepLastGoodSeconds = 86_400, timeoutMilliseconds = 3000 } = options;
  const fetchKeys = options.fetch ?? fetch;
  const now = options.now ?? (() => new Date());

  const withdrawn = new Set<string>();

  let refreshSeconds = options.refreshSeconds ?? longestRefreshSeconds;
  let lookUp: FindKey | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let attemptedAt = Number.NEGATIVE_INFINITY;
  let pending: Promise<void> | undefined;
  let lastFailure: unknown;

  const secondsSince = (time: number): number => (now().getTime() - time) / 1000;

  const refresh = (): Promise<void> => {
    pending ??= fetchKeySet(fetchKeys, url, timeoutMilliseconds)
      .then(({ keys, maxAgeSeconds = longestRefreshSeconds }) => {
        lookUp = createLocalJWKSet(keys);
        refreshSeconds = options.refreshSeconds ?? Math.min(Math.max(maxAgeSeconds, 1), longestRefreshSeconds);
        fetchedAt = now().getTime();
        lastFailure = undefined;
      })
      .catch((cause: unknown) => {
        lastFailure = cause;
      })
      .finally(() => {
        attemptedAt = now().getTime();
        pending = undefined;
      });
    return pending;
  };

  // An endpoint that answers, and whose answers hold for less, may be asked as often as it says.
  const cooldown = (): number =>
    lastFailure === undefined ? Math.min(cooldownSeconds, refreshSeconds) : cooldownSeconds;
  const mayFetch = (): boolean => pending !== undefined || secondsSince(attemptedAt) >= cooldown();

  const findOrRefuse = async (find: FindKey, ...[header, token]: Parameters<FindKey>) => {
    try {
      return await find(header, token);
    } catch (error) {
      // The key may be one that we could not fetch: its signer is not to blame.
      if (lastFailure !== undefined) throw new SallyportError('SP_KEYS_UNAVAILABLE', { cause: lastFailure });
      throw new SallyportError('SP_TOKEN_INVALID', { cause: error, reason: 'unknown-key' });
    }
  };

  const getKey: FindKey = async (header, token) => {
    if (withdrawn.size > 0 && withdrawn.has(header?.kid ?? ''))
      throw new SallyportError('SP_TOKEN_INVALID', { reason: 'withdrawn-key' });
    if (lookUp === undefined && mayFetch()) await refresh();
    if (lookUp === undefined || secondsSince(fetchedAt) > keepLastGoodSeconds) {
      if (mayFetch()) await refresh();
      if (lookUp === undefined || secondsSince(fetchedAt) > keepLastGoodSeconds) {
        // We could not read the keys: that is our fault, so 503 and never 401.
        throw new SallyportError('SP_KEYS_UNAVAILABLE', { cause: lastFailure });
      }
    }
    if (secondsSince(fetchedAt) > refreshSeconds && mayFetch()) void refresh();
    try {
      return await lookUp(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (mayFetch()) await refresh();
      return findOrRefuse(lookUp, header, token);
    }
  };
  return {
    getKey,
    withdraw: (kid) => {
      if (withdrawn.size < maximumWithdrawn) withdrawn.add(kid);
      void refresh();
    },
  };
}
