import {
  OptionsError,
  SallyportError,
  type RequestContext,
  type SessionRecord,
  type SessionStore,
} from '@sallyport/core';
import type { SessionRevocation } from './session-revocation.ts';

/** In how many places one account may be signed in, and what becomes of one more. */
export interface SessionLimitRules {
  readonly maximum: number;
  readonly onLimit: 'end-oldest' | 'refuse';
}

/** Holds the number of live sessions of an account. */
export interface SessionLimit {
  /**
   * Call it when a session is durable and its token is not given out yet. Rejects with `SP_TOO_MANY_SESSIONS` where one more
   * is to be refused; the session is then the caller's to discard. `replaced` is about to end and does not count.
   */
  admit(record: SessionRecord, replaced: string | undefined): Promise<void>;
  /** Call it when the session is good. Ends the oldest that are too many, and announces it. */
  trim(record: SessionRecord, context: RequestContext): Promise<void>;
}

export interface SessionLimitOptions {
  readonly sessions: SessionStore;
  readonly revocation: SessionRevocation;
  readonly rules: SessionLimitRules | undefined;
  readonly now: () => Date;
}

/**
 * Builds the limit.
 *
 * Of sign-ins that happen at the same moment, here or in other gateways, the one that counts last sees all the others,
 * because each counts only after its own session is durable. So never are there more than the limit when all have been
 * answered. Refusing may turn away more than it had to, when several find the last place taken by one another; ending
 * the oldest does not, because all of them agree on which these are.
 *
 * @throws OptionsError for a limit that is not a positive whole number.
 */
export function createSessionLimit({ sessions, revocation, rules, now }: SessionLimitOptions): SessionLimit {
  if (rules !== undefined && (!Number.isSafeInteger(rules.maximum) || rules.maximum < 1))
    throw new OptionsError('a limit on sessions must be a positive whole number');

  return {
    admit: async ({ subject }, replaced) => {
      if (rules?.onLimit !== 'refuse') return;
      const live = await sessions.listLive(subject, now());
      const count = live.filter(({ sid }) => sid !== replaced).length;
      if (count > rules.maximum) throw new SallyportError('SP_TOO_MANY_SESSIONS', { reason: 'session-limit' });
    },
    trim: async ({ subject }, context) => {
      if (rules?.onLimit !== 'end-oldest') return;
      const live = await sessions.listLive(subject, now());
      for (const { sid } of live.toSorted(newestFirst).slice(rules.maximum)) {
        await revocation.end({ sid, subject, reason: 'session-limit' }, context);
      }
    },
  };
}

/** The same order for every reader, also among sessions of one moment. */
function newestFirst(one: SessionRecord, other: SessionRecord): number {
  const later = other.createdAt.getTime() - one.createdAt.getTime();
  return later === 0 ? Number(one.sid > other.sid) - Number(one.sid < other.sid) : later;
}
