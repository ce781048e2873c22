import {
  createLeastRecentlyUsed,
  retryContended,
  SallyportError,
  type BusMessage,
  type InvalidationBus,
  type RevocationEvent,
  type RevocationTarget,
} from '@sallyport/core';
import { readTimeoutMilliseconds, readWithin } from '../read-within.ts';

/** Finds who a caller is without asking the store each time. */
export interface RevocableCache<Found> {
  /**
   * Answers from memory, or reads. `key` says what is looked for, and is no secret.
   *
   * @param isFresh whether only a read that begins now will do.
   * @throws or rejects with `SP_STORE_UNAVAILABLE` when it cannot be found out.
   */
  find(key: string, readOnce: () => Found | Promise<Found>, isFresh: boolean): Found | Promise<Found>;
  /** How many callers are remembered. */
  readonly size: number;
  close(): void;
}

/** What a cache of callers is built from, and what it has to know of what it finds. */
export interface RevocableCacheParts<Found> {
  readonly what: 'session' | 'credential';
  readonly bus: InvalidationBus;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly maxEntries: number;
  readonly maxAgeSeconds: number;
  /** @default 5000 */
  readonly lookUpTimeoutMilliseconds?: number | undefined;
  /** Throws for what no reader may answer: a bug, and no outage. */
  readonly requireSound?: (found: Found) => void;
  /** Whatever ends a caller when it is revoked; `undefined` where none was found. */
  readonly targetsOf: (found: Found) => readonly RevocationTarget[] | undefined;
  /** The same as it is answered from memory. */
  readonly toRemembered: (found: Found) => Found;
  /** What is answered now for what is remembered: its own time may be over. */
  readonly answerOf: (remembered: Found, at: number) => Found;
  /** Counts an answer. */
  readonly count: (from: 'memory' | 'store') => void;
}

interface Entry<Found> {
  readonly found: Found;
  readonly targets: readonly RevocationTarget[];
  readonly readAt: number;
  readonly goodUntil: number;
}

interface UnknownEntry<Found> {
  readonly found: Found;
  readonly goodUntil: number;
}

interface HeardMessage {
  readonly number: number;
  readonly message: BusMessage;
}

/** More tries than any burst of revocations of one caller needs; then the gateway says that it cannot find out. */
const contention = { maxAttempts: 4, code: 'SP_STORE_UNAVAILABLE' } as const;

/** What is unknown is remembered briefly, so that a client with a dead credential does not cost a read per request. */
const unknownMilliseconds = 5000;

/** It has a small memory of its own: a flood of made-up credentials must not push real callers out. */
const maximumUnknown = 1000;

/** Reads of the store that may be in flight at once; a flood beyond that is refused instead of queued. */
const maximumLookUps = 1000;

/**
 * Builds a cache that forgets callers the moment the bus says so.
 *
 * A revocation that arrives while its caller is being read wins: the read may have begun before the change was
 * written, so its result is thrown away and read again, and can never put a revoked caller back into the cache.
 *
 * While the bus is not connected the store is read every time, and nothing is remembered.
 */
export function createRevocableCache<Found>(parts: RevocableCacheParts<Found>): RevocableCache<Found> {
  const { what, bus, clock, maxEntries, maxAgeSeconds, targetsOf, toRemembered, answerOf, count } = parts;
  const { lookUpTimeoutMilliseconds = readTimeoutMilliseconds } = parts;
  const keysByTarget = new Map<string, Set<string>>();
  const entries = createLeastRecentlyUsed<Entry<Found>>(maxEntries, (key, entry) => unindex(key, entry));
  const unknown = createLeastRecentlyUsed<UnknownEntry<Found>>(maximumUnknown);
  const lookUps = new Map<string, Promise<Found>>();
  let freshNumber = 0;

  /** Messages heard while at least one read was in flight. */
  let heard: HeardMessage[] = [];
  let readsInFlight = 0;
  let messageNumber = 0;

  const unindex = (key: string, { targets }: Entry<Found>): void => {
    for (const target of targets) removeFrom(keysByTarget, toTargetKey(target), key);
  };
  const forget = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    unindex(key, entry);
  };
  const forgetAll = (): void => {
    entries.clear();
    keysByTarget.clear();
  };
  const store = (key: string, found: Found, targets: readonly RevocationTarget[] | undefined): void => {
    if (maxAgeSeconds === 0 || !bus.isConnected()) return;
    forget(key);
    const readAt = clock();
    const remembered = toRemembered(found);
    if (targets === undefined) {
      unknown.set(key, {
        found: remembered,
        goodUntil: readAt + Math.min(unknownMilliseconds, maxAgeSeconds * 1000),
      });
      return;
    }
    unknown.delete(key);
    entries.set(key, { found: remembered, targets, readAt, goodUntil: readAt + maxAgeSeconds * 1000 });
    for (const target of targets) addTo(keysByTarget, toTargetKey(target), key);
  };

  const listen = (message: BusMessage): void => {
    messageNumber++;
    if (readsInFlight > 0) heard.push({ number: messageNumber, message });
    if (mayRevive(message)) unknown.clear();
    if (message.kind === 'gap' || concernsAll(message.event)) return forgetAll();
    for (const key of keysByTarget.get(toTargetKey(message.event)) ?? []) forget(key);
  };
  const unsubscribe = bus.subscribe(listen);

  const read = (key: string, readOnce: () => Found | Promise<Found>): Promise<Found> =>
    retryContended<Found>(contention, async () => {
      const begunAt = messageNumber;
      const found = await readWithin(what, readOnce, lookUpTimeoutMilliseconds);
      parts.requireSound?.(found);
      const targets = targetsOf(found);
      const missed = heard.filter(({ number }) => number > begunAt);
      if (targets === undefined) {
        // It was true when the request came. Whether it still is, the next request finds out.
        if (!missed.some(({ message }) => mayRevive(message))) store(key, found, undefined);
        return found;
      }
      if (missed.some(({ message }) => mayConcern(message, targets))) return 'retry';
      store(key, found, targets);
      return found;
    });

  return {
    find: (key, readOnce, asksForFresh) => {
      // Nothing that is remembered can be believed while revocations are not heard.
      const isFresh = asksForFresh || !bus.isConnected();
      if (!isFresh) {
        const at = clock();
        const entry = entries.get(key);
        // A clock that was put back must not make what is remembered young again.
        if (entry !== undefined && at < entry.goodUntil && at >= entry.readAt) {
          count('memory');
          return answerOf(entry.found, at);
        }
        const nothing = unknown.get(key);
        if (nothing !== undefined && at < nothing.goodUntil) return nothing.found;
      }
      // A read in flight answers every caller that asks meanwhile: what it may have missed makes it read again.
      // A fresh read does not join one, since it must begin after the request did.
      const pending = isFresh ? undefined : lookUps.get(key);
      if (pending !== undefined) return pending;
      if (lookUps.size >= maximumLookUps) {
        throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: `too-many-${what}-reads` });
      }
      const lookUpKey = isFresh ? `${key} fresh ${++freshNumber}` : key;
      readsInFlight++;
      count('store');
      const lookUp = read(key, readOnce).finally(() => {
        lookUps.delete(lookUpKey);
        if (--readsInFlight === 0) heard = [];
      });
      lookUps.set(lookUpKey, lookUp);
      return lookUp;
    },
    get size() {
      return entries.size;
    },
    close: unsubscribe,
  };
}

/** Whether an event may make a caller of what was none: a ban is lifted, roles change. What ended itself stays ended. */
function mayRevive(message: BusMessage): boolean {
  if (message.kind === 'gap') return true;
  const { kind } = message.event;
  return kind === 'user' || kind === 'client' || kind === 'policy';
}

function mayConcern(message: BusMessage, targets: readonly RevocationTarget[]): boolean {
  return message.kind === 'gap' || concerns(message.event, targets);
}

/** What roles permit, and a signing key that was withdrawn: a token that it signed is one no more. */
function concernsAll({ kind, minGeneration }: RevocationEvent): boolean {
  return kind === 'policy' || (kind === 'key' && minGeneration > 0);
}

function concerns(event: RevocationEvent, targets: readonly RevocationTarget[]): boolean {
  const { kind, id } = event;
  return concernsAll(event) || targets.some((target) => target.kind === kind && target.id === id);
}

function toTargetKey({ kind, id }: RevocationTarget): string {
  return `${kind} ${id}`;
}

function addTo(index: Map<string, Set<string>>, id: string, key: string): void {
  const keys = index.get(id);
  if (keys === undefined) index.set(id, new Set([key]));
  else keys.add(key);
}

function removeFrom(index: Map<string, Set<string>>, id: string, key: string): void {
  const keys = index.get(id);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(id);
}
