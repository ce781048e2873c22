import { SallyportError, serializeSessionCookie, type RequestContext, type SessionCookie } from '@sallyport/core';
import type { User } from '../../accounts/user-table.ts';
import { amrOfCode, type CodeMethod } from './factor-method.ts';
import type { PendingSignIn } from './pending-sign-ins.ts';
import type { SecondFactor } from './second-factor.ts';
import {
  AccountDisabledError,
  newSessionToken,
  type MakeSession,
  type SessionLifetime,
} from '../../sessions/session-maker.ts';
import type { SignInProof } from '../../sessions/required-assurance.ts';
import { settleSession, type SettleSessionParts } from '../../sessions/settle-session.ts';

export interface CompleteSignInParts extends SettleSessionParts {
  readonly secondFactor: SecondFactor;
  readonly makeSession: MakeSession;
  readonly cookie: SessionCookie;
  readonly lifetime: SessionLifetime;
}

/** A sign-in that has both its factors. */
export interface CompleteSignIn {
  readonly pending: PendingSignIn;
  /** As it was when the second factor was looked at. */
  readonly user: User;
  readonly method: CodeMethod;
  readonly userAgent: string;
}

/** Uses a pending sign-in up, and says what is proved with it. Rejects with `SP_SIGN_IN_EXPIRED` when it was before. */
export async function usePending(
  { pending: table }: Pick<SecondFactor, 'pending'>,
  pending: PendingSignIn,
  user: User,
  method: CodeMethod,
): Promise<SignInProof> {
  if (!(await table.consume(pending))) throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'completed-before' });
  return {
    user,
    acr: 'mfa',
    amr: [...new Set([...pending.amr, amrOfCode[method]])],
    provider: pending.provider,
  };
}

/** Who is signed in now, and the cookies that say so to the browser. */
export interface CompletedSignIn {
  readonly user: User;
  readonly setCookies: readonly string[];
}

/**
 * Turns a pending sign-in into a session. Call it when the second factor was right.
 *
 * Rejects with `SP_SIGN_IN_EXPIRED` when it was completed already, or the account changed meanwhile.
 */
export async function completeSignIn(
  parts: CompleteSignInParts,
  { pending, user, method, userAgent }: CompleteSignIn,
  context: RequestContext,
): Promise<CompletedSignIn> {
  const { secondFactor, makeSession, cookie, lifetime } = parts;
  const { amr, provider } = await usePending(secondFactor, pending, user, method);
  const token = newSessionToken();
  try {
    const address = context.clientAddress;
    await makeSession({ token, userId: user.id, acr: 'mfa', amr, provider, userAgent, address });
  } catch (error) {
    if (error instanceof AccountDisabledError) throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'banned' });
    throw error;
  }
  const signedIn = await settleSession(parts, token, user, context, async () => {});
  if (signedIn === null) throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'account-changed' });
  const sessionCookie = serializeSessionCookie(cookie, token, lifetime.absoluteSeconds);
  return { user: signedIn.user, setCookies: [sessionCookie, secondFactor.pendingCookie.cleared] };
}
