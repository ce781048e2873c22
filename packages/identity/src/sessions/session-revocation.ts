import type {
  InvalidationBus,
  RequestContext,
  RevocationReason,
  SecurityEventLog,
  SessionStore,
} from '@sallyport/core';
import { whereOf } from '../events/audit-context.ts';
import type { MakeReportedChange } from '../events/reported-change.ts';
import type { KernelEvent } from '../events/kernel-events.ts';
import type { SessionEndings } from './session-endings.ts';

/** One session to end. */
export interface SessionEnding {
  readonly sid: string;
  readonly subject: string;
  readonly reason: RevocationReason;
}

/** All sessions of a user to end, except one. */
export interface SessionsEnding {
  readonly subject: string;
  readonly reason: RevocationReason;
  readonly except?: string;
}

/** Ends sessions. The order is fixed: durable row and event, then the bus, and only then does the promise resolve. */
export interface SessionRevocation {
  /** Resolves to `false` when the session is unknown, another user's, or ended before. */
  end(ending: SessionEnding, context: RequestContext): Promise<boolean>;
  /** Resolves to the number of sessions that lived. Also ends those that are created meanwhile. */
  endAll(ending: SessionsEnding, context: RequestContext): Promise<number>;
  /** Tells every cache that these sessions are over. */
  announce(sids: readonly string[], reason: RevocationReason): Promise<void>;
  /**
   * Runs a transaction that ends sessions. Features that have to know of those that it notes write that down in it; every
   * cache is told of them, also when it fails: a session store outside of the database does not take back what it ended.
   */
  transaction<T>(
    reason: RevocationReason,
    work: (noteEnded: (sids: readonly string[]) => void) => Promise<T>,
  ): Promise<T>;
}

export interface SessionRevocationOptions {
  readonly sessions: SessionStore;
  readonly bus: InvalidationBus;
  readonly events: SecurityEventLog<KernelEvent>;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly makeReportedChange: MakeReportedChange;
  readonly endings: Pick<SessionEndings, 'note'>;
  readonly now: () => Date;
}

/** Nothing is ever made again under a session that ended, whatever its generation. */
const everyGeneration = Number.MAX_SAFE_INTEGER;

export function createSessionRevocation(options: SessionRevocationOptions): SessionRevocation {
  const { sessions, bus, events, transaction, makeReportedChange, endings, now } = options;

  const announce = async (sids: readonly string[], reason: RevocationReason): Promise<void> => {
    for (const sid of sids)
      await bus.publish({ kind: 'session', id: sid, minGeneration: everyGeneration, at: now(), reason });
  };

  const endingTransaction: SessionRevocation['transaction'] = async (reason, work) => {
    const ended: string[] = [];
    let result;
    try {
      result = await transaction(async () => {
        const done = await work((sids) => void ended.push(...sids));
        // With those of an attempt that was taken back: a session store outside of the database ended them for good.
        await endings.note(ended);
        return done;
      });
    } catch (error) {
      await announce(ended, reason).catch(() => {});
      throw error;
    }
    await announce(ended, reason);
    return result;
  };

  return {
    announce,
    transaction: endingTransaction,
    end: ({ sid, subject, reason }, context) =>
      endingTransaction(reason, async (noteEnded) => {
        const at = now();
        const ended = await makeReportedChange({
          preview: async () => {
            const record = await sessions.findBySid(sid);
            return record?.subject === subject && record.revokedAt === undefined ? sid : null;
          },
          apply: async () => {
            if (!(await sessions.revoke(sid, subject, reason, at))) return null;
            noteEnded([sid]);
            return sid;
          },
          report: () =>
            events.append({
              type: 'session.ended',
              at,
              outcome: 'success',
              actor: subject,
              target: subject,
              sid,
              ...whereOf(context),
              details: { reason },
            }),
        });
        return ended !== null;
      }),
    endAll: ({ subject, reason, except }, context) =>
      endingTransaction(reason, async (noteEnded) => {
        const at = now();
        const count = await makeReportedChange({
          preview: async () => {
            const live = await sessions.listLive(subject, at);
            return live.filter(({ sid }) => sid !== except).length;
          },
          apply: async () => {
            const ended = await sessions.revokeAll(subject, reason, at, except);
            noteEnded(ended);
            return ended.length;
          },
          report: (ended) =>
            events.append({
              type: 'session.ended-many',
              at,
              outcome: 'success',
              actor: subject,
              target: subject,
              ...whereOf(context),
              details: { reason, count: ended },
            }),
        });
        return count;
      }),
  };
}
