import {
  deleteInBatches,
  recordModels,
  revocationReasons,
  type Records,
  type RevocationReason,
  type Sealer,
  type SessionRecord,
} from '@sallyport/core';
import { dateOf, optionalTextOf, textOf, wordOf, type Row } from './row.ts';
import { withStoreErrors } from './store-error.ts';

/** When and why a session ended. */
export interface SessionEnd {
  readonly at: Date;
  readonly reason: RevocationReason;
}

/**
 * What the database knows of sessions that ended. It joins the transaction of its caller, and every method rejects with
 * `SP_STORE_UNAVAILABLE` when the database does not do its work.
 */
export interface EndedSessionLedger {
  /** Notes the end of one session. */
  note(sid: string, end: SessionEnd, expiresAt: Date): Promise<void>;
  /** Notes the end of every session of a subject that was created before, except one. */
  noteAll(subject: string, end: SessionEnd, spared: string | undefined): Promise<void>;
  /** Notes the end of every session that was created before. */
  noteEverySession(end: SessionEnd): Promise<void>;
  /** The ends of those among these sessions that ended, by sid. */
  endsOf(records: readonly SessionRecord[]): Promise<ReadonlyMap<string, SessionEnd>>;
  deleteExpired(at: Date): Promise<void>;
}

export interface EndedSessionLedgerOptions {
  readonly records: Records;
  /** Rows hold no subject: only an HMAC of it. */
  readonly sealer: Sealer;
  /** No session lives longer than this, whatever it was created with. */
  readonly longestLifeSeconds: number;
}

interface LedgerRow extends SessionEnd {
  readonly key: string;
  readonly sparedSid: string | undefined;
}

const model = recordModels.endedSession;

/** How many sessions one query asks for; a user rarely has more. */
const chunkSize = 100;

/** In place of a sid: every session. */
const everySession = 'every-session';

/** More rows than a chunk of sessions can have: each is ended once, or a few times at the same moment. */
const maximumRows = 10_000;

/** Opens the ledger of ended sessions. */
export function createEndedSessionLedger(options: EndedSessionLedgerOptions): EndedSessionLedger {
  const { sealer, longestLifeSeconds } = options;
  const records = withStoreErrors(options.records);
  const insert = async (sid: string, end: SessionEnd, expiresAt: Date, sparedSid?: string): Promise<void> => {
    const data = { sid, endedAt: end.at, reason: end.reason, expiresAt, sparedSid: sparedSid ?? null };
    await records.create({ model, data });
  };
  const subjectKeys = (subject: string): readonly string[] =>
    sealer.hashes(`subject\n${subject}`).map((hash) => `subject:${hash}`);

  return {
    note: (sid, end, expiresAt) => insert(sid, end, expiresAt),
    noteAll: async (subject, end, spared) => {
      const keys = subjectKeys(subject);
      await insert(keys[0] ?? '', end, new Date(end.at.getTime() + longestLifeSeconds * 1000), spared);
      // What ended earlier ended again now: one row a subject is enough, however often the user signs out everywhere.
      await records.deleteMany({
        model,
        where: [
          { field: 'sid', value: [...keys], operator: 'in' },
          { field: 'endedAt', value: end.at, operator: 'lt' },
        ],
      });
    },
    noteEverySession: async (end) => {
      await insert(everySession, end, new Date(end.at.getTime() + longestLifeSeconds * 1000));
      await records.deleteMany({
        model,
        where: [
          { field: 'sid', value: everySession },
          { field: 'endedAt', value: end.at, operator: 'lt' },
        ],
      });
    },
    endsOf: async (sessions) => {
      const ends = new Map<string, SessionEnd>();
      for (let start = 0; start < sessions.length; start += chunkSize) {
        const chunk = sessions.slice(start, start + chunkSize);
        const keysBySubject = new Map(chunk.map(({ subject }) => [subject, subjectKeys(subject)]));
        const keys = [everySession, ...chunk.map(({ sid }) => sid), ...[...keysBySubject.values()].flat()];
        const rows = await records.findMany<Row>({
          model,
          where: [{ field: 'sid', value: keys, operator: 'in' }],
          limit: maximumRows,
        });
        const entries = rows.map(toLedgerRow);
        for (const session of chunk) {
          const end = entries.find((entry) => concerns(entry, session, keysBySubject.get(session.subject) ?? []));
          if (end !== undefined) ends.set(session.sid, { at: end.at, reason: end.reason });
        }
      }
      return ends;
    },
    deleteExpired: async (at) => {
      await deleteInBatches(records, model, [{ field: 'expiresAt', value: at, operator: 'lte' }]);
    },
  };
}

function concerns(row: LedgerRow, session: SessionRecord, subjectKeys: readonly string[]): boolean {
  if (row.key === session.sid) return true;
  const isOlder = session.createdAt.getTime() < row.at.getTime();
  if (row.key === everySession) return isOlder;
  return subjectKeys.includes(row.key) && row.sparedSid !== session.sid && isOlder;
}

function toLedgerRow(row: Row): LedgerRow {
  return {
    key: textOf(row, 'sid'),
    at: dateOf(row, 'endedAt'),
    reason: wordOf(row, 'reason', revocationReasons),
    sparedSid: optionalTextOf(row, 'sparedSid'),
  };
}
