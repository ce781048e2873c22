import { SallyportError, type SessionDirectory } from '@sallyport/core';
import type { User } from '../../accounts/user-table.ts';
import type { PendingSignIn } from './pending-sign-ins.ts';
import { findSession, type IdentityEnvironment } from '../../http/identity-request.ts';
import { findPending, type PendingRequestParts } from './pending-request.ts';
import { recentSeconds, requireRecent, type RecentSignInParts } from '../../http/require-recent.ts';

export interface EnrollerParts extends PendingRequestParts, RecentSignInParts {
  readonly directory: SessionDirectory;
}

/** Who sets up a second factor: a user with a session, or one who gets no session before they have a factor. */
export type Enroller = {
  readonly user: User;
  readonly purpose: string;
  /**
   * Demands once more that they may, in the transaction that makes the factor count. Another request may have set one up
   * since, from a session that is stronger now. Rejects as `requireEnroller` does.
   *
   * @param owner as the account is in the transaction: its generation has grown by one.
   */
  readonly requireStill: (owner: User) => Promise<void>;
} & (
  { readonly kind: 'session'; readonly sid: string } | { readonly kind: 'pending'; readonly pending: PendingSignIn }
);

/** From the QR code to the first code the sign-in may grow older, but the set-up does not last longer than this. */
const setUpSeconds = 15 * 60;

interface Call {
  readonly req: { readonly raw: Request };
  readonly env: IdentityEnvironment['Bindings'];
}

/**
 * Finds who sets up a second factor, and demands that they may: a recent session, with the second factor if there is one,
 * or a sign-in that waits for one to be set up.
 *
 * @throws `SP_UNAUTHENTICATED`, `SP_STEP_UP_REQUIRED`.
 */
export async function requireEnroller(c: Call, parts: EnrollerParts, step: 'start' | 'confirm'): Promise<Enroller> {
  const session = await findSession(c.env.context, parts.directory);
  if (session !== null) {
    const requireStill = async (): Promise<void> =>
      requireRecent(session, parts, step === 'start' ? recentSeconds : recentSeconds + setUpSeconds);
    await requireStill();
    const { id, sid } = session.principal;
    const user = await parts.users.findById(id);
    if (user === null) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'account-gone' });
    return { kind: 'session', user, sid, purpose: `set-up:session:${sid}`, requireStill };
  }
  const found = await findPending(c.req.raw, parts);
  if (found?.pending.purpose !== 'set-up') throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
  const requireStill = async ({ generation }: User): Promise<void> => {
    if (generation === found.pending.userGeneration + 1) return;
    throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'account-changed' });
  };
  return { kind: 'pending', ...found, purpose: `set-up:sign-in:${found.pending.id}`, requireStill };
}
