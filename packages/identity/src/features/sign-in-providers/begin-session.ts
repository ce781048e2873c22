import { retryContended, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import type { KernelEvent } from '../../events/kernel-events.ts';
import { AccountDisabledError, InsufficientAssuranceError, newSessionToken } from '../../sessions/session-maker.ts';
import type { MakeSession, SessionLifetime } from '../../sessions/session-maker.ts';
import type { AskedClient, AskedForMore, SignInGates, SignInProof } from '../../sessions/required-assurance.ts';
import { settleSession, type SettleSessionParts, type SignedIn } from '../../sessions/settle-session.ts';
import type { ProgramDevice, ProgramSignIn } from '../../sign-in/program-sign-ins.ts';
import { findExternalAccount, type ExternalAccountParts } from './external-account.ts';
import type { ExternalProof } from './external-proof.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { ProviderEvent } from './provider-events.ts';
import type { ProviderSessions } from './provider-sessions.ts';
import type { KeptTokenTable } from './kept-tokens/kept-tokens.ts';
import { refuse } from './provider-refusal.ts';

export interface ProviderSignInParts extends SettleSessionParts, ExternalAccountParts {
  readonly gates: SignInGates;
  readonly makeSession: MakeSession;
  readonly lifetime: SessionLifetime;
  readonly providerSessions: ProviderSessions;
  readonly keptTokens: KeptTokenTable;
  readonly events: SecurityEventLog<KernelEvent | ProviderEvent>;
}

/** What a sign-in with a provider leads to, before there is a session. */
type Interrupted =
  | { readonly kind: 'asked'; readonly asked: AskedForMore }
  | { readonly kind: 'verification-sent'; readonly userId: string | undefined };

/** What a sign-in with a provider leads to. */
export type ProviderSignIn = { readonly kind: 'signed-in'; readonly signedIn: SignedIn } | Interrupted;

/** The same for a program. */
export type ProgramProviderSignIn = { readonly kind: 'made'; readonly made: object } | Interrupted;

/** The browser that signs in. */
export interface SigningInBrowser {
  readonly userAgent: string;
  readonly context: RequestContext;
}

/** The program that signs in, and what signs programs in. */
export interface SigningInProgram {
  readonly programs: ProgramSignIn;
  readonly program: ProgramDevice;
  readonly context: RequestContext;
}

const contention = { maxAttempts: 3, code: 'SP_CONFLICT' } as const;

/**
 * Signs in with what a provider proved: to a session, or to the question for a second factor where the account requires
 * more than the provider is believed to have asked for. Bans, gates, limits on sessions and events are those of a password.
 */
export async function signInWithProvider(
  parts: ProviderSignInParts,
  provider: IdentityProvider,
  proof: ExternalProof,
  { userAgent, context }: SigningInBrowser,
): Promise<ProviderSignIn> {
  const outcome = await proceed(parts, provider, proof, 'browser', context, async (signInProof, noteUse) => {
    const { user } = signInProof;
    const token = newSessionToken();
    const address = context.clientAddress;
    try {
      await parts.makeSession({ ...signInProof, token, userId: user.id, userAgent, address });
    } catch (error) {
      if (error instanceof AccountDisabledError) return 'banned';
      if (error instanceof InsufficientAssuranceError) return 'retry';
      throw error;
    }
    return (await settleSession(parts, token, user, context, noteUse)) ?? 'retry';
  });
  return outcome.kind === 'made' ? { kind: 'signed-in', signedIn: outcome.made } : outcome;
}

/** The same for a program, to tokens in place of a session. */
export function signInProgramWithProvider(
  parts: ProviderSignInParts,
  provider: IdentityProvider,
  proof: ExternalProof,
  { programs, program, context }: SigningInProgram,
): Promise<ProgramProviderSignIn> {
  return proceed(parts, provider, proof, 'program', context, (signInProof, noteUse) =>
    programs.begin(signInProof, program, context, noteUse),
  );
}

/** Everything before there is a session, and again from the start when the account changed meanwhile. */
function proceed<Made extends object>(
  parts: ProviderSignInParts,
  provider: IdentityProvider,
  proof: ExternalProof,
  of: AskedClient,
  context: RequestContext,
  make: (proof: SignInProof, noteUse: () => Promise<void>) => Promise<Made | 'retry' | 'banned'>,
): Promise<{ readonly kind: 'made'; readonly made: Made } | Interrupted> {
  const signedInAt = parts.now().getTime();
  return retryContended(contention, async () => {
    const account = await findExternalAccount(parts, provider, proof, context);
    if (account.kind === 'verification-sent') return account;
    const { user, identityId } = account;
    if (user.isBanned) throw refuse('banned');
    await noteProviderSession(parts, proof, user.id);
    const { tokens } = proof;
    // They belong to the identity, whatever becomes of this sign-in.
    if (tokens !== undefined)
      await parts.keptTokens.keep({ identityId, userId: user.id, provider: provider.id }, tokens);
    const { acr, amr, issuer, sid } = proof;
    const signInProof: SignInProof = {
      user,
      acr,
      amr,
      authTime: authTimeOf(provider, proof, parts.now()),
      provider: { id: provider.id, issuer, ...(sid === undefined ? {} : { sid }), signedInAt },
    };
    const noteUse = (): Promise<void> => parts.identities.noteUse(identityId, proof.email, parts.now());
    const gate = await parts.gates.find(signInProof);
    if (gate !== undefined) {
      const asked = await gate.ask(signInProof, { of, onAsked: noteUse }, context);
      return asked === null ? 'retry' : { kind: 'asked', asked };
    }
    const made = await make(signInProof, noteUse);
    if (made === 'banned') throw refuse('banned');
    return made === 'retry' ? 'retry' : { kind: 'made', made };
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
