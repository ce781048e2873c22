import {
  SallyportError,
  type InvalidationBus,
  type RequestContext,
  type SecurityEventLog,
  type SessionStore,
} from '@sallyport/core';
import type { AccountData } from '../../accounts/account-data.ts';
import type { LinkPurpose, OneTimeLinks } from '../../accounts/one-time-links.ts';
import type { User, UserTable } from '../../accounts/user-table.ts';
import type { Engine } from '../../engine/better-auth-engine.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { MakeReportedChange } from '../../events/reported-change.ts';
import type { SessionRevocation } from '../../sessions/session-revocation.ts';
import type { PasswordEvent } from './password-events.ts';

export interface ClaimAccountParts {
  readonly engine: Engine;
  readonly users: UserTable;
  readonly links: OneTimeLinks;
  readonly accountData: AccountData;
  readonly events: SecurityEventLog<PasswordEvent>;
  readonly sessions: SessionStore;
  readonly bus: InvalidationBus;
  readonly revocation: SessionRevocation;
  readonly makeReportedChange: MakeReportedChange;
  readonly now: () => Date;
}

/** What the reader of a mail chose, who may be another than the one who signed up. */
export interface Claim {
  readonly purpose: LinkPurpose;
  readonly token: string;
  readonly passwordHash: string;
  /** Used where the address was never proved. */
  readonly name: string;
}

const reason = 'password-changed';

/**
 * Hands an account to the reader of a mailed link, with the password that they chose. Every session ends. Where this is the
 * first proof of the address, nothing stays that was set before: name, password, second factors, recovery codes, and what
 * other features keep. The id, the roles and the memberships stay: only operators give them to such an account.
 *
 * Rejects with `SP_LINK_INVALID`, and `SP_CONFLICT` when the account changed meanwhile; then the link is as good as before
 * where the database has transactions.
 */
export async function claimAccount(parts: ClaimAccountParts, claim: Claim, context: RequestContext): Promise<User> {
  const { users, links, sessions, events, bus, revocation, makeReportedChange, now } = parts;
  const { purpose, token } = claim;
  const user = await revocation.transaction(reason, async (noteEnded) => {
    const at = now();
    const userId = await links.consume(purpose, token);
    const before = userId === null ? null : await users.findById(userId);
    if (before === null || (purpose === 'verify-email' && before.emailVerified))
      throw new SallyportError('SP_LINK_INVALID', { reason: 'link-unknown' });
    const note = { at, outcome: 'success', actor: before.id, target: before.id, ...whereOf(context) } as const;
    const { user: changed } = await makeReportedChange({
      preview: async () => ({ user: before, sessionsEnded: (await sessions.listLive(before.id, at)).length }),
      apply: async () => {
        const after = await handOver(parts, before, claim, at);
        const ended = await sessions.revokeAll(after.id, reason, at);
        noteEnded(ended);
        return { user: after, sessionsEnded: ended.length };
      },
      report: async ({ sessionsEnded }) => {
        if (!before.emailVerified)
          await events.append({ type: 'account.email-verified', ...note, details: { credentials: 'replaced' } });
        if (purpose === 'reset-password')
          await events.append({ type: 'account.password-changed', ...note, details: { sessionsEnded } });
      },
    });
    return changed;
  });
  await bus.publish({ kind: 'user', id: user.id, minGeneration: user.generation, at: now(), reason });
  return user;
}

async function handOver(
  { engine, users, links, accountData }: ClaimAccountParts,
  before: User,
  { passwordHash, name }: Claim,
  at: Date,
): Promise<User> {
  const isFirstProof = !before.emailVerified;
  // First: it decides between this and other requests that change or delete the account, and it voids what hangs on
  // the generation. Without transactions, a failure further down leaves an account that is not proved.
  const changed = await users.change(before, isFirstProof ? { name } : {}, at);
  if (changed === null) throw new SallyportError('SP_CONFLICT', { reason: 'account-changed' });
  await engine.setPasswordHash(before.id, passwordHash);
  await links.discard('reset-password', before.id);
  await links.discard('verify-email', before.id);
  if (!isFirstProof) return changed;
  await accountData.forget(before.id, 'address-proved');
  if (!(await users.markVerified(before.id, at)))
    throw new SallyportError('SP_CONFLICT', { reason: 'account-changed' });
  return { ...changed, emailVerified: true, expiresAt: null };
}
