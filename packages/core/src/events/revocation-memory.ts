import type { Actor, Principal } from '../principal/principal.ts';
import { revocationKinds, type RevocationEvent } from './revocation-event.ts';

/** What a service hears of a revocation: nothing but what it needs to recognise a token. */
export type HeardRevocation = Pick<RevocationEvent, 'kind' | 'id' | 'minGeneration' | 'at'>;

/** What lost authority since tokens were made that may still be on their way. */
export interface RevocationMemory {
  hear(revocation: HeardRevocation): void;
  /** Everything that lost authority since then was heard. */
  cover(since: Date): void;
  /** Whether a token says what is no longer true. `issuedAt` is in seconds since 1970. */
  isVoid(principal: Principal, issuedAt: number): boolean;
  /** Whether everything was heard that could be said of a token of this age. */
  isCovered(issuedAt: number): boolean;
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
 * is dropped, and tokens from before it are no longer covered.
 */
export function createRevocationMemory(options: RevocationMemoryOptions = {}): RevocationMemory {
  const { rememberSeconds = 360, maximumEntries = 100_000 } = options;
  const now = options.now ?? (() => new Date());
  /** In the order of time, the oldest first. */
  const entries = new Map<string, Entry>();
  let coveredSince = Number.POSITIVE_INFINITY;

  const dropOld = (): void => {
    const time = now().getTime();
    for (const [key, { forgetAt }] of entries) {
      if (time < forgetAt && entries.size <= maximumEntries) return;
      entries.delete(key);
      if (time < forgetAt) coveredSince = Math.max(coveredSince, time / 1000);
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

  const hasVoidActor = (actor: Actor | undefined, issuedAt: number): boolean =>
    actor !== undefined && (isBefore('user', actor.id, issuedAt) || hasVoidActor(actor.actor, issuedAt));

  return {
    hear: ({ kind, id, minGeneration, at }) => {
      // A key says nothing of a caller: verifiers are told of it.
      if (kind === 'key') return;
      const key = kind === 'policy' ? policyKey : `${kind} ${id}`;
      const before = entries.get(key)?.minGeneration ?? 0;
      entries.delete(key);
      entries.set(key, {
        // What is said again, or said late, makes nothing valid again.
        minGeneration: Math.max(before, minGeneration),
        at: Math.floor(at.getTime() / 1000),
        forgetAt: now().getTime() + rememberSeconds * 1000,
      });
      dropOld();
    },
    cover: (since) => {
      // Tokens say when they were made in whole seconds.
      coveredSince = Math.floor(since.getTime() / 1000);
    },
    isVoid: (principal, issuedAt) => {
      if (entries.size === 0) return false;
      const { id, sid, clientId, actor, generation } = principal;
      return (
        generation.policy < (entries.get(policyKey)?.minGeneration ?? 0) ||
        isOutdated('user', id, generation.user) ||
        (sid !== undefined && isOutdated('session', sid, generation.session)) ||
        (clientId !== undefined && isBefore('client', clientId, issuedAt)) ||
        hasVoidActor(actor, issuedAt)
      );
    },
    isCovered: (issuedAt) => issuedAt >= coveredSince,
    get size() {
      return entries.size;
    },
  };
}

/** Reads a revocation that came over the network; `undefined` when it is none. */
export function readHeardRevocation(value: unknown): HeardRevocation | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, id, minGeneration, at } = value as Readonly<Record<keyof HeardRevocation, unknown>>; // Checked below.
  const known = revocationKinds.find((candidate) => candidate === kind);
  if (known === undefined || typeof id !== 'string' || id === '') return undefined;
  if (typeof minGeneration !== 'number' || !Number.isSafeInteger(minGeneration) || minGeneration < 0) return undefined;
  const time = new Date(typeof at === 'string' ? at : Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : { kind: known, id, minGeneration, at: time };
}
