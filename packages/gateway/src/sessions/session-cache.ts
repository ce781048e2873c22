import {
  silentMeter,
  type InvalidationBus,
  type LiveSession,
  type Meter,
  type SessionDirectory,
} from '@sallyport/core';
import { createCredentialKeys } from './credential-keys.ts';
import { createRevocableCache } from './revocable-cache.ts';
import { targetsOf } from './revocation-targets.ts';

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

const notFound: FoundSession = { session: null, isHit: true };

/** Remembers sessions and forgets them the moment the bus says so: see {@link createRevocableCache}. */
export function createSessionCache(parts: SessionCacheParts): SessionCache {
  const { sessions, meter = silentMeter } = parts;
  const keyOf = createCredentialKeys('session');
  const lookUpsCounted = meter.counter({
    name: 'sallyport_session_lookups_total',
    help: 'Sessions that were asked for: remembered, or read from the store',
    labels: ['from'],
  });
  const counts = { memory: lookUpsCounted.of('memory'), store: lookUpsCounted.of('store') };
  const cache = createRevocableCache<FoundSession>({
    ...parts,
    what: 'session',
    targetsOf: ({ session }) => (session === null ? undefined : targetsOf(session.principal)),
    toRemembered: ({ session }) => (session === null ? notFound : { session, isHit: true }),
    answerOf: (remembered, at) =>
      remembered.session !== null && isLive(remembered.session, at) ? remembered : notFound,
    count: (from) => counts[from].add(),
  });
  meter.gauge({ name: 'sallyport_session_cache_entries', help: 'Sessions that are remembered' }, () => cache.size);

  return {
    findByToken: (token, isFresh = false, connection) =>
      cache.find(keyOf(token, connection), async () => toFound(await sessions.byToken(token)), isFresh),
    findBySid: (sid, isFresh = false) =>
      cache.find(`sid ${sid}`, async () => toFound(await sessions.bySid(sid)), isFresh),
    close: () => cache.close(),
  };
}

function toFound(live: LiveSession | null): FoundSession {
  return { session: live === null ? null : toCached(live), isHit: false };
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
