import {
  applySessionChange,
  deleteInBatches,
  isSessionLive,
  recordModels,
  retryContended,
  type RecordFilter,
  type Records,
  type RevocationReason,
  type SessionRecord,
  type SessionStore,
  type SessionWrite,
} from '@sallyport/core';
import type { EndedSession, EndedSessions } from '../embedded/ended-sessions.ts';
import { createActivityWrites } from './activity-writes.ts';
import type { Row } from './row.ts';
import { toSessionRecord, toSessionRow, toSessionRowChange } from './session-table.ts';
import { withStoreErrors } from './store-error.ts';

export interface RecordSessionStoreOptions {
  /** Where ended sessions are noted a second time, so that a restored backup does not bring them back. */
  readonly ended?: Pick<EndedSessions, 'note'>;
}

const model = recordModels.session;

const notRevoked: RecordFilter = { field: 'revokedAt', value: null };

/** How many rows one round of `revokeAll` takes. */
const roundSize = 100;

/** The most sessions of one user that are listed. */
const maximumListed = 10_000;

/** How often a revocation meets a concurrent change before it gives up; each meeting means that a change succeeded. */
const contention = { maxAttempts: 1000, code: 'SP_STORE_UNAVAILABLE' } as const;

/**
 * Builds the session store that keeps its records in a database.
 *
 * Every write is one conditional statement, and the number of rows that it changed decides: no lock is held, and
 * processes that share the database cannot overwrite one another. A revoked row stays as a tombstone and is never
 * written again.
 *
 * @returns a store whose methods reject with `SP_STORE_UNAVAILABLE` when the database does not do its work; `create` and
 *   `change` also with `SP_CONFLICT` when the sid or the token hash exists.
 */
export function createRecordSessionStore(unguarded: Records, options: RecordSessionStoreOptions = {}): SessionStore {
  const records = withStoreErrors(unguarded);
  const { ended: endedSessions } = options;

  const find = async (where: RecordFilter[]): Promise<SessionRecord | null> => {
    const row = await records.findOne<Row>({ model, where });
    return row === null ? null : toSessionRecord(row);
  };

  return {
    create: async (record) => {
      await records.create({ model, data: toSessionRow(record) });
    },

    findByTokenHash: async (tokenHashes) => {
      if (tokenHashes.length === 0) return null;
      return find([{ field: 'tokenHash', value: [...tokenHashes], operator: 'in' }]);
    },

    findBySid: (sid) => find(bySid(sid)),

    listLive: async (subject, at) => {
      const rows = await records.findMany<Row>({
        model,
        where: [
          { field: 'subject', value: subject },
          notRevoked,
          { field: 'idleExpiresAt', value: at, operator: 'gt' },
          { field: 'absoluteExpiresAt', value: at, operator: 'gt' },
        ],
        sortBy: { field: 'lastActiveAt', direction: 'desc' },
        limit: maximumListed,
      });
      return rows.map(toSessionRecord);
    },

    change: async (sid, expectedGeneration, change) => {
      const before = await find(bySid(sid));
      const refusal = refusalOf(before, expectedGeneration);
      if (before === null || refusal !== undefined) return refusal ?? { kind: 'unknown' };
      const generation = expectedGeneration + 1;
      const written = await records.updateMany({
        model,
        where: [...bySid(sid), { field: 'generation', value: expectedGeneration }, notRevoked],
        update: { ...toSessionRowChange(change), generation },
      });
      // No writer changed the authority between the look and the write, because the generation was still the expected one.
      if (written === 1) return { kind: 'written', record: { ...applySessionChange(before, change), generation } };
      return refusalOf(await find(bySid(sid)), expectedGeneration) ?? { kind: 'stale' };
    },

    recordActivity: createActivityWrites(records),

    revoke: (sid, subject, reason, at) =>
      retryContended(contention, async () => {
        const record = await find([...bySid(sid), { field: 'subject', value: subject }]);
        if (record === null || record.revokedAt !== undefined) return false;
        if (!(await writeTombstone(records, record, reason, at))) return 'retry';
        await endedSessions?.note([toEndedSession(record, reason, at)]);
        return true;
      }),

    revokeAll: async (subject, reason, at, except) => {
      const ended: string[] = [];
      // The rounds end with one that finds nothing: what was created or changed during a round is met by the next.
      // Expired sessions get tombstones too, or a clock that jumps back would revive them; they are not reported.
      return retryContended(contention, async () => {
        const rows = await records.findMany<Row>({ model, where: revocable(subject, except), limit: roundSize });
        if (rows.length === 0) return ended;
        const revoked: SessionRecord[] = [];
        for (const record of rows.map(toSessionRecord))
          if (await writeTombstone(records, record, reason, at)) revoked.push(record);
        await endedSessions?.note(revoked.map((record) => toEndedSession(record, reason, at)));
        ended.push(...revoked.filter((record) => isSessionLive(record, at)).map(({ sid }) => sid));
        return 'retry';
      });
    },

    deleteExpired: (at) =>
      deleteInBatches(records, model, [{ field: 'absoluteExpiresAt', value: at, operator: 'lte' }]),
  };
}

/**
 * Ends sessions that were ended before and live again, because the database was restored from a backup.
 *
 * @returns how many there were, or rejects with `SP_STORE_UNAVAILABLE`.
 */
export async function endAgain(unguarded: Records, known: readonly EndedSession[]): Promise<number> {
  const records = withStoreErrors(unguarded);
  const endedBySid = new Map(known.map((ended) => [ended.sid, ended]));
  const sids = [...endedBySid.keys()];
  let count = 0;
  for (let start = 0; start < sids.length; start += roundSize) {
    const where: RecordFilter[] = [
      { field: 'sid', value: sids.slice(start, start + roundSize), operator: 'in' },
      notRevoked,
    ];
    const rows = await records.findMany<Row>({ model, where, limit: roundSize });
    for (const record of rows.map(toSessionRecord)) {
      const ended = endedBySid.get(record.sid);
      if (ended !== undefined && (await writeTombstone(records, record, ended.because, ended.at))) count += 1;
    }
  }
  return count;
}

function toEndedSession(record: SessionRecord, because: RevocationReason, at: Date): EndedSession {
  return { sid: record.sid, at, because, until: record.absoluteExpiresAt };
}

function bySid(sid: string): RecordFilter[] {
  return [{ field: 'sid', value: sid }];
}

function revocable(subject: string, except: string | undefined): RecordFilter[] {
  return [
    { field: 'subject', value: subject },
    notRevoked,
    ...(except === undefined ? [] : [{ field: 'sid', value: except, operator: 'ne' as const }]),
  ];
}

function refusalOf(record: SessionRecord | null, expectedGeneration: number): SessionWrite | undefined {
  if (record === null) return { kind: 'unknown' };
  if (record.revokedAt !== undefined) return { kind: 'revoked' };
  return record.generation === expectedGeneration ? undefined : { kind: 'stale' };
}

/** Writes the tombstone, unless the record changed since it was read. */
async function writeTombstone(
  records: Records,
  record: SessionRecord,
  reason: RevocationReason,
  at: Date,
): Promise<boolean> {
  const written = await records.updateMany({
    model,
    where: [...bySid(record.sid), { field: 'generation', value: record.generation }, notRevoked],
    update: { revokedAt: at, revokedBecause: reason, generation: record.generation + 1 },
  });
  return written === 1;
}
