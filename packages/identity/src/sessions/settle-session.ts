import {
  SallyportError,
  type RequestContext,
  type SessionRecord,
  type SessionStore,
  type Sealer,
  type SecurityEventLog,
} from '@sallyport/core';
import type { User, UserTable } from '../accounts/user-table.ts';
import { whereOf } from '../events/audit-context.ts';
import type { ProviderSignIns } from './provider-sign-ins.ts';
import type { SessionLimit } from './session-limit.ts';
import type { SessionRevocation } from './session-revocation.ts';
import type { KernelEvent } from '../events/kernel-events.ts';

export interface SettleSessionParts {
  readonly sessions: SessionStore;
  /** For the purpose `session-token`. */
  readonly sessionSealer: Sealer;
  readonly users: UserTable;
  readonly sessionLimit: SessionLimit;
  readonly revocation: SessionRevocation;
  readonly providerSignIns: Pick<ProviderSignIns, 'isOver'>;
  readonly events: SecurityEventLog<KernelEvent>;
  readonly now: () => Date;
}

/** A person who is signed in, and the token for their browser. */
export interface SignedIn {
  readonly user: User;
  readonly token: string;
  readonly record: SessionRecord;
}

/**
 * Makes a session good that was just created, or ends it: nothing half-done may stay behind. Rejects with
 * `SP_SIGN_IN_EXPIRED` where the identity provider of the sign-in has ended it meanwhile.
 *
 * @param user as it was when the first proof was looked at.
 * @returns `null` when the authority of the user changed since then: the proof must be looked at again.
 */
export async function settleSession(
  parts: SettleSessionParts,
  token: string,
  user: User | null,
  context: RequestContext,
  onSettled: () => Promise<void>,
): Promise<SignedIn | null> {
  const record = await parts.sessions.findByTokenHash(parts.sessionSealer.hashes(token));
  if (record === null) throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'session-not-found' });
  const settled = await settleRecord(parts, record, user, context, onSettled);
  return settled === null ? null : { user: settled, token, record };
}

/**
 * The same for a session whose record is at hand. That of a program takes the place of no other one.
 *
 * @returns the user as stored now, or `null` when their authority changed since the proof was looked at.
 */
export async function settleRecord(
  parts: SettleSessionParts,
  record: SessionRecord,
  user: User | null,
  context: RequestContext,
  onSettled: () => Promise<void>,
): Promise<User | null> {
  const { sessions, users, sessionLimit, now } = parts;
  const replaced = record.credential === undefined ? replacedBy(context) : undefined;
  const discard = () => sessions.revoke(record.sid, record.subject, 'signed-out', now());
  try {
    // The password, the roles or the ban may have changed between the check of the password and the new session, in
    // which case the caller who ended all sessions did not see this one.
    const current = await users.findById(record.subject);
    if (user === null || current === null || current.generation !== user.generation) {
      await discard();
      return null;
    }
    // From here on a logout token of the provider finds the session; one that came before did not.
    const { provider, subject } = record;
    if (provider !== undefined && (await parts.providerSignIns.isOver(provider, subject)))
      throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'provider-signed-out' });
    await onSettled();
    await sessionLimit.admit(record, replaced);
    await noteSuccess(parts, record, context);
    if (replaced !== undefined) await replaceSession(parts, replaced, context);
    await sessionLimit.trim(record, context);
    return current;
  } catch (error) {
    await discard().catch(() => {});
    throw error;
  }
}

/** Signing in again in the same browser ends the session that it had: its cookie is about to be overwritten. */
async function replaceSession({ revocation }: SettleSessionParts, sid: string, context: RequestContext): Promise<void> {
  const { caller } = context;
  if (caller.kind !== 'user') return;
  await revocation.end({ sid, subject: caller.id, reason: 'replaced-by-sign-in' }, context);
}

function replacedBy({ caller }: RequestContext): string | undefined {
  return caller.kind === 'user' && caller.credential === 'session' ? caller.sid : undefined;
}

async function noteSuccess(
  { events, now }: SettleSessionParts,
  record: SessionRecord,
  context: RequestContext,
): Promise<void> {
  await events.append({
    type: 'sign-in.succeeded',
    at: now(),
    outcome: 'success',
    actor: record.subject,
    target: record.subject,
    sid: record.sid,
    ...whereOf(context),
    details: { acr: record.acr, amr: [...record.amr] },
  });
}
