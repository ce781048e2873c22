import {
  applySessionChange,
  isSessionLive,
  retryContended,
  SallyportError,
  type Records,
  type RevocationReason,
  type Sealer,
  type SessionRecord,
  type SessionStore,
  type SessionWrite,
} from '@sallyport/core';
import { createEndedSessionLedger, type EndedSessionLedger } from '../records/ended-session-ledger.ts';
import type { Redis } from './open-redis.ts';
import { toRedisError } from './redis-fault.ts';
import { toFields, toList } from './redis-reply.ts';
import { sealRecord, toStoredRecord } from './redis-session-record.ts';
import { deleteExpiredOf, indexed, removeFromIndex, roundSize, roundsOf } from './redis-session-index.ts';
import { createSessionKeys, expiryShards, type SessionKeys } from './redis-session-keys.ts';
import {
  addToIndexScript,
  changeRecordScript,
  createRecordScript,
  deletePointerScript,
  endFromLedgerScript,
  endRecordScript,
  recordActivityScript,
} from './redis-session-scripts.ts';

export interface RedisSessionStoreOptions {
  readonly redis: Redis;
  /** The database in which the ledger of ended sessions is kept: the table `endedSessionTable`. */
  readonly records: Records;
  /** For the purpose `session-record`. */
  readonly sealer: Sealer;
  /** The longest life that a session is given. @default 400 days */
  readonly longestLifeSeconds?: number;
  readonly now?: () => Date;
}

/** How much longer than a session its keys stay: the clocks of the processes differ. */
const marginMilliseconds = 3_600_000;

/** How long an index keeps what is over: no clock is wrong by more than this. */
const indexMarginMilliseconds = 86_400_000;

/** The rounds of `revokeAll`; each beyond the first means that the user signed in meanwhile. */
const contention = { maxAttempts: 1000, code: 'SP_STORE_UNAVAILABLE' } as const;

/**
 * Builds the session store that keeps its records in Redis, and a ledger of those that ended in the database.
 *
 * Each script touches one key, and the order of the writes makes every crash in between safe: an index knows a session
 * before it exists, and a pointer from a token leads nowhere until it does. The end of a session is in the ledger before
 * it is in Redis, and what Redis gives back is checked against the ledger: a Redis that was restored, or failed over to a
 * replica that lagged behind, revives no session.
 *
 * Redis holds no token, user, email address, network address or user agent in clear.
 *
 * @returns a store whose methods reject with `SP_STORE_UNAVAILABLE` when Redis or the database does not do its work;
 *   `create` and `change` also with `SP_CONFLICT` when the sid or the token hash exists.
 */
export function createRedisSessionStore(options: RedisSessionStoreOptions): SessionStore {
  const { redis, sealer, longestLifeSeconds = 400 * 86_400, now = () => new Date() } = options;
  const ledger = createEndedSessionLedger({ records: options.records, sealer, longestLifeSeconds });
  const keys = createSessionKeys(redis.prefix, sealer);
  const load = createLoader(redis, keys, sealer);
  const check = createLedgerCheck(redis, keys, ledger);

  const ttlOf = (absoluteExpiresAt: number): string =>
    String(Math.max(0, absoluteExpiresAt - now().getTime()) + marginMilliseconds);

  const addToIndexes = async ({ sid, subject, absoluteExpiresAt }: SessionRecord): Promise<void> => {
    const absolute = absoluteExpiresAt.getTime();
    const over = String(now().getTime() - indexMarginMilliseconds);
    const add = (key: string, before: string): Promise<unknown> =>
      redis.script(addToIndexScript, key, [String(absolute), sid, ttlOf(absolute), before]);
    // What is over in the index of expiries is for `deleteExpired`, which deletes the records as well.
    await Promise.all([add(keys.subject(subject), over), add(keys.expiry(sid), '')]);
  };

  const writeTokenPointer = async (tokenHash: string, sid: string, absoluteExpiresAt: Date): Promise<void> => {
    const key = keys.token(tokenHash);
    const reply = await redis.command(key, ['SET', key, sid, 'NX', 'PX', ttlOf(absoluteExpiresAt.getTime())]);
    if (reply !== 'OK') throw new SallyportError('SP_CONFLICT', { reason: 'duplicate' });
  };
  const deleteTokenPointer = (tokenHash: string, sid: string): Promise<unknown> =>
    redis.script(deletePointerScript, keys.token(tokenHash), [sid]);

  const writeTombstone = (sid: string, reason: RevocationReason, at: Date, ttl = ''): Promise<unknown> =>
    redis.script(endRecordScript, keys.session(sid), [String(at.getTime()), reason, ttl]);

  // One unreadable record must not keep the others of its user alive: it gets a tombstone like a missing one.
  const loadReadable = (sid: string): Promise<SessionRecord | null> =>
    load(sid).catch((error: unknown) => {
      if (error instanceof TypeError) return null;
      throw error;
    });

  const find = async (sid: string): Promise<SessionRecord | null> => {
    const record = await load(sid);
    return record === null ? null : ((await check([record]))[0] ?? null);
  };

  return {
    create: async (record) => {
      const { sid, tokenHash, absoluteExpiresAt } = record;
      await addToIndexes(record);
      await writeTokenPointer(tokenHash, sid, absoluteExpiresAt);
      const times = [record.lastActiveAt, record.idleExpiresAt, absoluteExpiresAt].map((time) =>
        String(time.getTime()),
      );
      const created = await redis.script(createRecordScript, keys.session(sid), [
        sealRecord(record, sealer),
        String(record.generation),
        ...times,
        ttlOf(absoluteExpiresAt.getTime()),
      ]);
      if (created === 1) return;
      await deleteTokenPointer(tokenHash, sid);
      throw new SallyportError('SP_CONFLICT', { reason: 'duplicate' });
    },

    findByTokenHash: async (tokenHashes) => {
      const sids = await Promise.all(
        tokenHashes.map((tokenHash) => redis.command(keys.token(tokenHash), ['GET', keys.token(tokenHash)])),
      );
      for (const [index, sid] of sids.entries()) {
        if (typeof sid !== 'string') continue;
        const record = await load(sid);
        // A pointer may be left over from a creation that failed, or from a token that was changed since.
        if (record === null || record.tokenHash !== tokenHashes[index]) continue;
        return (await check([record]))[0] ?? null;
      }
      return null;
    },

    findBySid: find,

    listLive: async (subject, at) => {
      const sids = [...(await indexed(redis, keys.subjects(subject))).keys()];
      const records: SessionRecord[] = [];
      for (const round of roundsOf(sids)) {
        const loaded = await Promise.all(round.map(loadReadable));
        records.push(...loaded.filter((record) => record !== null).filter((record) => record.subject === subject));
      }
      const live = records.filter((record) => isSessionLive(record, at));
      return (await check(live))
        .filter((record) => isSessionLive(record, at))
        .sort((left, right) => right.lastActiveAt.getTime() - left.lastActiveAt.getTime());
    },

    change: async (sid, expectedGeneration, change) => {
      const before = await find(sid);
      if (before === null) return { kind: 'unknown' };
      if (before.revokedAt !== undefined) return { kind: 'revoked' };
      if (before.generation !== expectedGeneration) return { kind: 'stale' };
      const changed = applySessionChange(before, change);
      const hasNewToken = changed.tokenHash !== before.tokenHash;
      if (hasNewToken) await writeTokenPointer(changed.tokenHash, sid, before.absoluteExpiresAt);
      const reply = await redis.script(changeRecordScript, keys.session(sid), [
        String(expectedGeneration),
        sealRecord(changed, sealer),
      ]);
      const write = toWrite(sid, reply, sealer);
      if (hasNewToken) await deleteTokenPointer(write.kind === 'written' ? before.tokenHash : changed.tokenHash, sid);
      return write;
    },

    recordActivity: async (sid, lastActiveAt, idleExpiresAt) => {
      const times = [String(lastActiveAt.getTime()), String(idleExpiresAt.getTime())];
      await redis.script(recordActivityScript, keys.session(sid), times);
    },

    revoke: async (sid, subject, reason, at) => {
      const record = await find(sid);
      if (record === null || record.subject !== subject || record.revokedAt !== undefined) return false;
      await ledger.note(sid, { at, reason }, afterMargin(record.absoluteExpiresAt));
      const isEnded = (await writeTombstone(sid, reason, at)) === 'ended';
      await removeFromIndex(redis, keys.subjects(subject), [sid]);
      return isEnded;
    },

    revokeAll: async (subject, reason, at, except) => {
      const ended: string[] = [];
      // The rounds end with one that finds nothing: what was created during a round is met by the next. Expired sessions
      // get tombstones too, or a clock that jumps back would revive them; they are not reported.
      return retryContended(contention, async () => {
        const expiries = await indexed(redis, keys.subjects(subject), roundSize, except);
        const sids = [...expiries.keys()];
        if (sids.length === 0) {
          // An index may have lost its last writes, or have been evicted: the ledger does not depend on it.
          await ledger.noteAll(subject, { at, reason }, except);
          return ended;
        }
        const found = await Promise.all(sids.map(loadReadable));
        const toEnd = sids.flatMap((sid, index) => {
          const record = found[index] ?? null;
          const absolute = expiries.get(sid) ?? 0;
          const isToEnd =
            record === null
              ? absolute + indexMarginMilliseconds > at.getTime()
              : record.subject === subject && record.revokedAt === undefined;
          return isToEnd ? [{ sid, record, absolute }] : [];
        });
        // One after the other: a transaction has one connection.
        for (const { sid, absolute } of toEnd) await ledger.note(sid, { at, reason }, afterMargin(new Date(absolute)));
        const outcomes = await Promise.all(
          toEnd.map(({ sid, absolute }) => writeTombstone(sid, reason, at, ttlOf(absolute))),
        );
        for (const [index, { sid, record }] of toEnd.entries()) {
          if (outcomes[index] === 'ended' && (record === null || isSessionLive(record, at))) ended.push(sid);
        }
        await removeFromIndex(redis, keys.subjects(subject), sids);
        return 'retry';
      });
    },

    deleteExpired: async (at) => {
      let count = 0;
      for (let shard = 0; shard < expiryShards; shard += 1) {
        count += await deleteExpiredOf(redis, keys, keys.expiryShard(shard), at);
      }
      await ledger.deleteExpired(at);
      return count;
    },
  };
}

/** Reads a record as Redis has it, without asking the ledger. */
function createLoader(redis: Redis, keys: SessionKeys, sealer: Sealer): (sid: string) => Promise<SessionRecord | null> {
  return async (sid) => {
    const fields = toFields(await redis.command(keys.session(sid), ['HGETALL', keys.session(sid)]));
    return toStoredRecord(sid, fields, sealer);
  };
}

/** Puts what the ledger knows into records that Redis takes for live, and writes their tombstones again. */
function createLedgerCheck(
  redis: Redis,
  keys: SessionKeys,
  ledger: EndedSessionLedger,
): (records: readonly SessionRecord[]) => Promise<readonly SessionRecord[]> {
  return async (records) => {
    const live = records.filter(({ revokedAt }) => revokedAt === undefined);
    if (live.length === 0) return records;
    const ends = await ledger.endsOf(live);
    if (ends.size === 0) return records;
    return Promise.all(
      records.map(async (record) => {
        const end = ends.get(record.sid);
        if (end === undefined || record.revokedAt !== undefined) return record;
        // A Redis that cannot write does not make the answer wrong: the ledger is asked every time.
        await redis
          .script(endFromLedgerScript, keys.session(record.sid), [String(end.at.getTime()), end.reason])
          .catch(() => {});
        return { ...record, generation: record.generation + 1, revokedAt: end.at, revokedBecause: end.reason };
      }),
    );
  };
}

function toWrite(sid: string, reply: unknown, sealer: Sealer): SessionWrite {
  const [kind, ...fields] = toList(reply);
  if (kind === 'unknown' || kind === 'revoked' || kind === 'stale') return { kind };
  const record = kind === 'written' ? toStoredRecord(sid, toFields(fields), sealer) : null;
  if (record === null) throw toRedisError(new TypeError('the reply of Redis to a change cannot be read'));
  return { kind: 'written', record };
}

function afterMargin(time: Date): Date {
  return new Date(time.getTime() + marginMilliseconds);
}
