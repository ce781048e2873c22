import { isAssuranceAtLeast, type RevocationReason, type SecurityEventLog, type SessionStore } from '@sallyport/core';
import type { AuditContext } from '../events/audit-context.ts';
import type { User } from '../accounts/user-table.ts';
import type { RequiredAssurance } from './required-assurance.ts';
import type { SessionRevocation } from './session-revocation.ts';
import type { KernelEvent } from '../events/kernel-events.ts';

/** Ends the sessions of a user whose sign-in is weaker than the account requires now. */
export type EndWeakSessions = (user: User, reason: RevocationReason, context: AuditContext) => Promise<void>;

export interface WeakSessionsOptions {
  readonly sessions: SessionStore;
  readonly requiredAssurance: RequiredAssurance;
  readonly revocation: SessionRevocation;
  readonly events: SecurityEventLog<KernelEvent>;
  readonly now: () => Date;
}

/**
 * Builds what ends them. It makes the end final and visible; refused they are from the moment on in which the account
 * requires more, because the directory looks at roles and factors each time.
 */
export function createWeakSessionEnding(options: WeakSessionsOptions): EndWeakSessions {
  const { sessions, requiredAssurance, revocation, events, now } = options;
  return async (user, reason, context) => {
    const demanded = await requiredAssurance.of(user);
    if (demanded === 'pwd') return;
    await revocation.transaction(reason, async (noteEnded) => {
      const live = await sessions.listLive(user.id, now());
      const ended: string[] = [];
      for (const { sid, acr } of live) {
        if (isAssuranceAtLeast(acr, demanded)) continue;
        if (await sessions.revoke(sid, user.id, reason, now())) ended.push(sid);
      }
      if (ended.length === 0) return;
      noteEnded(ended);
      await events.append({
        type: 'session.ended-many',
        at: now(),
        outcome: 'success',
        target: user.id,
        ...context,
        details: { reason, count: ended.length },
      });
    });
  };
}
