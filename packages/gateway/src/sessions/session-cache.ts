import { hash } from 'node:crypto';
import {
  createLeastRecentlyUsed,
  retryContended,
  SallyportError,
  silentMeter,
  type BusMessage,
  type InvalidationBus,
  type LiveSession,
  type Meter,
  type RevocationEvent,
  type SessionDirectory,
} from '@sallyport/core';
import { createPerConnection } from '../per-connection.ts';
import { readTimeoutMilliseconds, readWithin } from '../read-within.ts';

/** A session as the gateway remembers it. Only `idleExpiresAt` and `activityRecordedAt` move; times are milliseconds. */
export interface CachedSession {
  readonly principal: LiveSession['principal'];
  readonly absoluteExpiresAt: number;
  readonly idleMilliseconds: number;
  idleExpiresAt: number;
  activityRecordedAt: number;
}

/** What was found: at once when it is remembered. `null` is a session that may not be used. */
export interface FoundSession {
  readonly session: CachedSession | null;
  readonly isHit: boolean;
}

/** Finds sessions without asking the store each time. Rejects with `SP_STORE_UNAVAILABLE` when it cannot find out. */
export interface SessionCache {
  /** `connection` is whatever lives as long as the connection: a browser sends the same token on it again and again. */
  findByToken(token: string, isFresh?: boolean, connection?: object): FoundSession | Promise<FoundSession>;
  findBySid(sid: string, isFresh?: boolean): FoundSession | Promise<FoundSession>;
  close(): void;
}

export interface SessionCacheParts {
  readonly sessions: SessionDirectory;
  readonly bus: InvalidationBus;
  readonly clock: () => number;
  readonly maxEntries: number;
  readonly maxAgeSeconds: number;
  /** @default 5000 */
  readonly lookUpTimeoutMilliseconds?: number;
  readonly meter?: Meter;
}

interface Entry {
  readonly found: FoundSession & { readonly session: CachedSession };
  readonly readAt: number;
  readonly goodUntil: number;
}

interface HeardMessage {
  readonly number: number;
  readonly message: BusMessage;
}

/** More tries than any burst of revocations of one session needs; then the gateway says that it cannot find out. */
const contention = { maxAttempts: 4, code: 'SP_STORE_UNAVAILABLE' } as const;

/** Unknown tokens are remembered briefly, so that a browser with a dead cookie does not cost a read per request. */
const unknownMilliseconds = 5000;

/** Unknown tokens have a small memory of their own: a flood of made-up ones must not push real sessions out. */
const maximumUnknown = 1000;

/** Reads of the store that may be in flight at once; a flood beyond that is refused instead of queued. */
const maximumLookUps = 1000;

const notFound: FoundSession = { session: null, isHit: true };

/**
 * Remembers sessions and forgets them the moment the bus says so.
 *
 * A revocation that arrives while its session is being read wins: the read may have begun before the change was
 * written, so its result is thrown away and read again, and can never put a revoked session back into the cache.
 *
 * While the bus is not connected the store is read every time, and nothing is remembered.
 */
export function createSessionCache(parts: SessionCacheParts): SessionCache {
  const {
    sessions,
    bus,
    clock,
    maxEntries,
    maxAgeSeconds,
    lookUpTimeoutMilliseconds = readTimeoutMilliseconds,
  } = parts;
  const { meter = silentMeter } = parts;
  const keyOf = createTokenKeys();
  const keysBySid = new Map<string, Set<string>>();
  const keysByUser = new Map<string, Set<string>>();
  const entries = createLeastRecentlyUsed<Entry>(maxEntries, (key, entry) => unindex(key, entry));
  const unknown = createLeastRecentlyUsed<number>(maximumUnknown);
  const lookUps = new Map<string, Promise<FoundSession>>();
  let freshNumber = 0;
  meter.gauge({ name: 'sallyport_session_cache_entries', help: 'Sessions that are remembered' }, () => entries.size);
  const lookUpsCounted = meter.counter({
    name: 'sallyport_session_lookups_total',
    help: 'Sessions that were asked for: remembered, or read from the store',
    labels: ['from'],
  });
  const [hits, reads] = [lookUpsCounted.of('memory'), lookUpsCounted.of('store')];

  /** Messages heard while at least one read was in flight. */
  let heard: HeardMessage[] = [];
  let readsInFlight = 0;
  let messageNumber = 0;

  const index = (key: string, entry: Entry): void => {
    addTo(keysBySid, entry.found.session.principal.sid, key);
    addTo(keysByUser, entry.found.session.principal.id, key);
  };
  const unindex = (key: string, entry: Entry): void => {
    removeFrom(keysBySid, entry.found.session.principal.sid, key);
    removeFrom(keysByUser, entry.found.session.principal.id, key);
  };
  const forget = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    unindex(key, entry);
  };
  const forgetAll = (): void => {
    entries.clear();
    keysBySid.clear();
    keysByUser.clear();
  };
  const store = (key: string, session: CachedSession | null): void => {
    if (maxAgeSeconds === 0 || !bus.isConnected()) return;
    forget(key);
    if (session === null) {
      unknown.set(key, clock() + Math.min(unknownMilliseconds, maxAgeSeconds * 1000));
      return;
    }
    const readAt = clock();
    const entry: Entry = { found: { session, isHit: true }, readAt, goodUntil: readAt + maxAgeSeconds * 1000 };
    entries.set(key, entry);
    index(key, entry);
  };

  const listen = (message: BusMessage): void => {
    messageNumber++;
    if (readsInFlight > 0) heard.push({ number: messageNumber, message });
    if (message.kind === 'gap') return forgetAll();
    const { kind, id } = message.event;
    if (kind === 'session') for (const key of keysBySid.get(id) ?? []) forget(key);
    if (kind === 'user') for (const key of keysByUser.get(id) ?? []) forget(key);
    if (kind === 'policy') forgetAll();
  };
  const unsubscribe = bus.subscribe(listen);

  const read = (key: string, readOnce: () => Promise<LiveSession | null>): Promise<FoundSession> =>
    retryContended(contention, async () => {
      const begunAt = messageNumber;
      const live = await readWithin('session', readOnce, lookUpTimeoutMilliseconds);
      if (heard.some(({ number, message }) => number > begunAt && mayConcern(message, live))) return 'retry';
      const session = live === null ? null : toCached(live);
      store(key, session);
      return { session, isHit: false };
    });

  const find = (
    key: string,
    readOnce: () => Promise<LiveSession | null>,
    asksForFresh: boolean,
  ): FoundSession | Promise<FoundSession> => {
    // Nothing that is remembered can be believed while revocations are not heard.
    const isFresh = asksForFresh || !bus.isConnected();
    if (!isFresh) {
      const at = clock();
      const entry = entries.get(key);
      // A clock that was put back must not make what is remembered young again.
      if (entry !== undefined && at < entry.goodUntil && at >= entry.readAt) {
        hits.add();
        return isLive(entry.found.session, at) ? entry.found : notFound;
      }
      if (at < (unknown.get(key) ?? 0)) return notFound;
    }
    // A read in flight answers every caller that asks meanwhile: what it may have missed makes it read again.
    // A fresh read does not join one, since it must begin after the request did.
    const pending = isFresh ? undefined : lookUps.get(key);
    if (pending !== undefined) return pending;
    if (lookUps.size >= maximumLookUps) {
      throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'too-many-session-reads' });
    }
    const lookUpKey = isFresh ? `${key} fresh ${++freshNumber}` : key;
    readsInFlight++;
    reads.add();
    const lookUp = read(key, readOnce).finally(() => {
      lookUps.delete(lookUpKey);
      if (--readsInFlight === 0) heard = [];
    });
    lookUps.set(lookUpKey, lookUp);
    return lookUp;
  };

  return {
    findByToken: (token, isFresh = false, connection) =>
      find(keyOf(token, connection), () => sessions.byToken(token), isFresh),
    findBySid: (sid, isFresh = false) => find(`sid ${sid}`, () => sessions.bySid(sid), isFresh),
    close: unsubscribe,
  };
}

interface KnownToken {
  readonly token: string;
  readonly key: string;
}

/**
 * Builds the function that turns a token into the key under which its session is remembered: a hash, so that the cache
 * holds no token. The last one of each connection is kept with the connection, because the hash costs more than the rest
 * of a hit.
 */
function createTokenKeys(): (token: string, connection: object | undefined) => string {
  const lastOf = createPerConnection<KnownToken>('last session token');
  return (token, connection) => {
    if (connection === undefined) return hash('sha256', token, 'base64url');
    const last = lastOf.get(connection);
    if (last?.token === token) return last.key;
    const key = hash('sha256', token, 'base64url');
    lastOf.set(connection, { token, key });
    return key;
  };
}

/** Says whether a session may still be used; asked on every hit. */
export function isLive(session: CachedSession, at: number): boolean {
  return at < session.idleExpiresAt && at < session.absoluteExpiresAt;
}

function toCached(live: LiveSession): CachedSession {
  const idleExpiresAt = live.idleExpiresAt.getTime();
  const idleMilliseconds = live.idleSeconds * 1000;
  return {
    principal: live.principal,
    absoluteExpiresAt: live.absoluteExpiresAt.getTime(),
    idleMilliseconds,
    idleExpiresAt,
    activityRecordedAt: idleExpiresAt - idleMilliseconds,
  };
}

function mayConcern(message: BusMessage, live: LiveSession | null): boolean {
  // "Not there" stays true: no event brings a session back.
  if (live === null) return false;
  if (message.kind === 'gap') return true;
  return concerns(message.event, live);
}

function concerns(event: RevocationEvent, { principal }: LiveSession): boolean {
  if (event.kind === 'session') return event.id === principal.sid;
  if (event.kind === 'user') return event.id === principal.id;
  return event.kind === 'policy';
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
