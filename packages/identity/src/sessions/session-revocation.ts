import type {
  InvalidationBus,
  RequestContext,
  RevocationReason,
  SecurityEventLog,
  SessionStore,
} from '@sallyport/core';
import { whereOf } from '../events/security-event-log.ts';

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
  /** Resolves to `false` when the session is unknown, somebody else's, or ended before. */
  end(ending: SessionEnding, context: RequestContext): Promise<boolean>;
  /** Resolves to the number of sessions that lived. Also ends those that are created meanwhile. */
  endAll(ending: SessionsEnding, context: RequestContext): Promise<number>;
  /** Tells every cache that these sessions are over: for those who ended them in a transaction of their own. */
  announce(sids: readonly string[], reason: RevocationReason): Promise<void>;
}

export interface SessionRevocationOptions {
  readonly sessions: SessionStore;
  readonly bus: InvalidationBus;
  readonly events: SecurityEventLog;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  /** Without transactions the event is written first: a failure in between must not leave a change that nothing reports. */
  readonly hasTransactions: boolean;
  readonly now: () => Date;
}

/** Nothing is ever made again under a session that ended, whatever its generation. */
const everyGeneration = Number.MAX_SAFE_INTEGER;

export function createSessionRevocation(options: SessionRevocationOptions): SessionRevocation {
  const { sessions, bus, events, transaction, hasTransactions, now } = options;

  const announce = async (sids: readonly string[], reason: RevocationReason): Promise<void> => {
    for (const sid of sids)
      await bus.publish({ kind: 'session', id: sid, minGeneration: everyGeneration, at: now(), reason });
  };

  return {
    announce,
    async end({ sid, subject, reason }, context) {
      const isEnded = await transaction(async () => {
        const at = now();
        const report = () =>
          events.append({
            type: 'session.ended',
            at,
            outcome: 'success',
            actor: subject,
            target: subject,
            sid,
            ...whereOf(context),
            details: { reason },
          });
        if (!hasTransactions) {
          const record = await sessions.findBySid(sid);
          if (record?.subject !== subject || record.revokedAt !== undefined) return false;
          await report();
          return sessions.revoke(sid, subject, reason, at);
        }
        if (!(await sessions.revoke(sid, subject, reason, at))) return false;
        await report();
        return true;
      });
      if (isEnded) await announce([sid], reason);
      return isEnded;
    },
    async endAll({ subject, reason, except }, context) {
      const sids = await transaction(async () => {
        const at = now();
        const report = (count: number) =>
          events.append({
            type: 'session.ended-many',
            at,
            outcome: 'success',
            actor: subject,
            target: subject,
            ...whereOf(context),
            details: { reason, count },
          });
        if (!hasTransactions) {
          const live = await sessions.listLive(subject, at);
          await report(live.filter(({ sid }) => sid !== except).length);
          return sessions.revokeAll(subject, reason, at, except);
        }
        const ended = await sessions.revokeAll(subject, reason, at, except);
        await report(ended.length);
        return ended;
      });
      await announce(sids, reason);
      return sids.length;
    },
  };
}
