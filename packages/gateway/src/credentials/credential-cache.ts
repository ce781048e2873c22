import {
  createLeastRecentlyUsed,
  freezePrincipal,
  silentMeter,
  type AuthenticatedCaller,
  type AuthenticationOutcome,
  type CredentialKind,
  type InvalidationBus,
  type Meter,
} from '@sallyport/core';
import { createRevocableCache } from '../sessions/revocable-cache.ts';
import { targetsOf } from '../sessions/revocation-targets.ts';
import type { FeatureCredential } from './feature-credential.ts';
import type { RequestAuthenticationOutcome } from './request-authenticator.ts';

/** A credential that was looked up and is good, with the one answer that every request with it gets. */
export interface KnownCredential {
  readonly kind: 'authenticated';
  readonly caller: AuthenticatedCaller;
  readonly credential: FeatureCredential;
  readonly outcome: RequestAuthenticationOutcome;
  /** When its use was recorded last, in milliseconds since 1970. The only member that changes. */
  useRecordedAt: number;
}

/** What was found out about a credential. */
export type FoundCredential = KnownCredential | Extract<AuthenticationOutcome, { readonly kind: 'rejected' }>;

/** One credential to look up. */
export interface CredentialLookUp {
  /** Of `createCredentialKeys`. */
  readonly key: string;
  readonly isFresh: boolean;
  readonly read: () => Promise<FoundCredential>;
}

/**
 * Remembers the credentials of programs, of all kinds together: each is looked up once, and forgotten when the bus names
 * what ends it. Refusals are remembered for five seconds, in a small memory of their own.
 */
export interface CredentialCache {
  /** @throws or rejects with `SP_STORE_UNAVAILABLE` when it cannot be found out. */
  find(lookUp: CredentialLookUp): FoundCredential | Promise<FoundCredential>;
  /** When the use of a credential was recorded last, as far as this gateway knows. */
  readonly lastUses: { get(credentialId: string): number | undefined; set(credentialId: string, at: number): void };
  close(): void;
}

/** What the cache is built from. Its bounds are those of the cache of sessions. */
export interface CredentialCacheParts {
  readonly bus: InvalidationBus;
  readonly clock: () => number;
  readonly maxEntries: number;
  readonly maxAgeSeconds: number;
  readonly meter?: Meter;
}

/** Builds the cache; it lives as long as the gateway. */
export function createCredentialCache(parts: CredentialCacheParts): CredentialCache {
  const { meter = silentMeter, maxEntries } = parts;
  const counter = meter.counter({
    name: 'sallyport_credential_lookups_total',
    help: 'Credentials of programs that were asked for: remembered, or read from the store',
    labels: ['from'],
  });
  const counts = { memory: counter.of('memory'), store: counter.of('store') };
  const cache = createRevocableCache<FoundCredential>({
    ...parts,
    what: 'credential',
    requireSound: (found) => {
      if (found.kind === 'authenticated') requireSoundCaller(found.caller, found.credential.kind);
    },
    targetsOf: (found) =>
      found.kind === 'authenticated' ? [...targetsOf(found.caller.principal), ...found.caller.endedBy] : undefined,
    toRemembered: (found) => found,
    answerOf: (found) => found,
    count: (from) => counts[from].add(),
  });
  meter.gauge(
    { name: 'sallyport_credential_cache_entries', help: 'Credentials of programs that are remembered' },
    () => cache.size,
  );
  return {
    find: ({ key, isFresh, read }) => cache.find(key, read, isFresh),
    lastUses: createLeastRecentlyUsed<number>(maxEntries),
    close: () => cache.close(),
  };
}

/**
 * Routes open kinds, and services are told the kind: an authenticator that says another one is a bug. Freezes the caller.
 *
 * @throws TypeError
 */
export function requireSoundCaller({ principal }: AuthenticatedCaller, kind: CredentialKind): void {
  if (principal.credential !== kind)
    throw new TypeError(`the authenticator of ${kind} made a caller by ${principal.credential}`);
  if (!Object.isFrozen(principal)) freezePrincipal(principal);
}
