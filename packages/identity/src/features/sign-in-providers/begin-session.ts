import { retryContended, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import type { KernelEvent } from '../../events/kernel-events.ts';
import { AccountDisabledError, InsufficientAssuranceError, newSessionToken } from '../../sessions/session-maker.ts';
import type { MakeSession, SessionLifetime } from '../../sessions/session-maker.ts';
import type { AskedForMore, SignInGates, SignInProof } from '../../sessions/required-assurance.ts';
import { settleSession, type SettleSessionParts, type SignedIn } from '../../sessions/settle-session.ts';
import { findExternalAccount, type ExternalAccountParts } from './external-account.ts';
import type { ExternalProof } from './external-proof.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { ProviderEvent } from './provider-events.ts';
import type { ProviderSessions } from './provider-sessions.ts';
import { refuse } from './provider-refusal.ts';

export interface ProviderSignInParts extends SettleSessionParts, ExternalAccountParts {
  readonly gates: SignInGates;
  readonly makeSession: MakeSession;
  readonly lifetime: SessionLifetime;
  readonly providerSessions: ProviderSessions;
  readonly events: SecurityEventLog<KernelEvent | ProviderEvent>;
}

/** What a sign-in with a provider leads to. */
export type ProviderSignIn =
  | { readonly kind: 'signed-in'; readonly signedIn: SignedIn }
  | { readonly kind: 'asked'; readonly asked: AskedForMore }
  | { readonly kind: 'verification-sent'; readonly userId: string | undefined };

/** The browser that signs in. */
export interface SigningInBrowser {
  readonly userAgent: string;
  readonly context: RequestContext;
}

const contention = { maxAttempts: 3, code: 'SP_CONFLICT' } as const;

/**
 * Signs in with what a provider proved: to a session, or to the question for a second factor where the account requires
 * more than the provider is believed to have asked for. Bans, gates, limits on sessions and events are those of a password.
 */
export function signInWithProvider(
  parts: ProviderSignInParts,
  provider: IdentityProvider,
  proof: ExternalProof,
  { userAgent, context }: SigningInBrowser,
): Promise<ProviderSignIn> {
  return retryContended(contention, async () => {
    const account = await findExternalAccount(parts, provider, proof, context);
    if (account.kind === 'verification-sent') return account;
    const { user, identityId } = account;
    if (user.isBanned) throw refuse('banned');
    await noteProviderSession(parts, proof, user.id);
    const { acr, amr, issuer, sid } = proof;
    const signInProof: SignInProof = {
      user,
      acr,
      amr,
      provider: { id: provider.id, issuer, ...(sid === undefined ? {} : { sid }) },
    };
    const noteUse = (): Promise<void> => parts.identities.noteUse(identityId, proof.email, parts.now());
    const gate = await parts.gates.find(signInProof);
    if (gate !== undefined) {
      const asked = await gate.ask(signInProof, { of: 'browser', onAsked: noteUse }, context);
      return asked === null ? 'retry' : { kind: 'asked', asked };
    }
    const token = newSessionToken();
    const authTime = authTimeOf(provider, proof, parts.now());
    const address = context.clientAddress;
    try {
      await parts.makeSession({ ...signInProof, token, userId: user.id, authTime, userAgent, address });
    } catch (error) {
      if (error instanceof AccountDisabledError) throw refuse('banned');
      if (error instanceof InsufficientAssuranceError) return 'retry';
      throw error;
    }
    const signedIn = await settleSession(parts, token, user, context, noteUse);
    return signedIn === null ? 'retry' : { kind: 'signed-in', signedIn };
  });
}

/** Before there is a session: one that the provider ends at this moment must not be missed. */
async function noteProviderSession(
  { providerSessions, lifetime, now }: ProviderSignInParts,
  { issuer, sid }: ExternalProof,
  userId: string,
): Promise<void> {
  if (sid === undefined) return;
  const expiresAt = new Date(now().getTime() + lifetime.absoluteSeconds * 1000);
  await providerSessions.note(issuer, sid, userId, expiresAt);
}

/** A provider that has a session of its own may not have asked the user for anything for months. */
const unknownTime = new Date(0);

/** When the user proved who they are: as the provider says, never later than now, and unknown where it says nothing. */
export function authTimeOf({ countCallbackAsSignIn }: IdentityProvider, { authTime }: ExternalProof, now: Date): Date {
  if (authTime !== undefined) return authTime < now ? authTime : now;
  return countCallbackAsSignIn ? now : unknownTime;
}
