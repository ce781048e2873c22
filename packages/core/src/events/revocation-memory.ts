import type { Actor, Principal } from '../principal/principal.ts';
import { revocationKinds, type RevocationEvent } from './revocation-event.ts';

/** What a service receives of a revocation: only what it needs to recognise a token. */
export type RevocationNotice = Pick<RevocationEvent, 'kind' | 'id' | 'minGeneration' | 'at'>;

/** The revocations of tokens that may still be in use. */
export interface RevocationMemory {
  add(revocation: RevocationNotice): void;
  /** Says that every revocation since then was added. */
  markSyncedSince(since: Date): void;
  /** Whether a token was revoked. `issuedAt` is in seconds since 1970. */
  isRevoked(principal: Principal, issuedAt: number): boolean;
  /** Whether every revocation that can concern a token of this age was added. */
  isSynced(issuedAt: number): boolean;
  /** How many revocations are remembered. */
  readonly size: number;
}

export interface RevocationMemoryOptions {
  /** How long a token may live, with every tolerance. @default 360 */
  readonly rememberSeconds?: number;
  /** @default 100000 */
  readonly maximumEntries?: number;
  readonly now?: () => Date;
}

interface Entry {
  readonly minGeneration: number;
  /** Seconds since 1970. */
  readonly at: number;
  /** Milliseconds since 1970. */
  readonly forgetAt: number;
}

/** Roles have one generation together. */
const policyKey = 'policy';

/**
 * Remembers revocations for as long as a token lives, in a bounded space. When there is no room for one more, the oldest
 * is dropped, and tokens from before it no longer count as synced.
 */
export function createRevocationMemory(options: RevocationMemoryOptions = {}): RevocationMemory {
  const { rememberSeconds = 360, maximumEntries = 100_000 } = options;
  const now = options.now ?? (() => new Date());
  /** In the order of time, the oldest first. */
  const entries = new Map<string, Entry>();
  let syncedSince = Number.POSITIVE_INFINITY;

  const dropOld = (): void => {
    const time = now().getTime();
    for (const [key, { forgetAt }] of entries) {
      if (time < forgetAt && entries.size <= maximumEntries) return;
      entries.delete(key);
      if (time < forgetAt) syncedSince = Math.max(syncedSince, time / 1000);
    }
  };

  const isOutdated = (kind: RevocationEvent['kind'], id: string, generation: number): boolean => {
    const entry = entries.get(`${kind} ${id}`);
    return entry !== undefined && generation < entry.minGeneration;
  };

  const isBefore = (kind: RevocationEvent['kind'], id: string, issuedAt: number): boolean => {
    const entry = entries.get(`${kind} ${id}`);
    return entry !== undefined && issuedAt <= entry.at;
  };

  const hasRevokedActor = (actor: Actor | undefined, issuedAt: number): boolean =>
    actor !== undefined && (isBefore('user', actor.id, issuedAt) || hasRevokedActor(actor.actor, issuedAt));

  return {
    add: ({ kind, id, minGeneration, at }) => {
      // A withdrawn key concerns no caller: token verifiers drop it.
      if (kind === 'key') return;
      const key = kind === 'policy' ? policyKey : `${kind} ${id}`;
      const before = entries.get(key)?.minGeneration ?? 0;
      entries.delete(key);
      entries.set(key, {
        // A repeated or late notice makes no token valid again.
        minGeneration: Math.max(before, minGeneration),
        at: Math.floor(at.getTime() / 1000),
        forgetAt: now().getTime() + rememberSeconds * 1000,
      });
      dropOld();
    },
    markSyncedSince: (since) => {
      // `iat` is in whole seconds.
      syncedSince = Math.floor(since.getTime() / 1000);
    },
    isRevoked: (principal, issuedAt) => {
      if (entries.size === 0) return false;
      const { id, sid, clientId, actor, generation, credential } = principal;
      return (
        generation.policy < (entries.get(policyKey)?.minGeneration ?? 0) ||
        isOutdated('user', id, generation.user) ||
        (sid !== undefined && isOutdated('session', sid, generation.session)) ||
        (clientId !== undefined &&
          // The generation of a session or key is in `gen.s`. Of other clients only the time says what came before.
          (credential === 'api-key'
            ? isOutdated('client', clientId, generation.session)
            : isBefore('client', clientId, issuedAt))) ||
        hasRevokedActor(actor, issuedAt)
      );
    },
    isSynced: (issuedAt) => issuedAt >= syncedSince,
    get size() {
      return entries.size;
    },
  };
}

/** Reads a revocation from the network; `undefined` when the value is none. */
export function parseRevocationNotice(value: unknown): RevocationNotice | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, id, minGeneration, at } = value as Readonly<Record<keyof RevocationNotice, unknown>>; // Checked below.
  const known = revocationKinds.find((candidate) => candidate === kind);
  if (known === undefined || typeof id !== 'string' || id === '') return undefined;
  if (typeof minGeneration !== 'number' || !Number.isSafeInteger(minGeneration) || minGeneration < 0) return undefined;
  const time = new Date(typeof at === 'string' ? at : Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : { kind: known, id, minGeneration, at: time };
}
