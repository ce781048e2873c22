import {
  isAssuranceAtLeast,
  SallyportError,
  type LiveSession,
  type RequestContext,
  type SessionDirectory,
  type SessionStore,
} from '@sallyport/core';
import { changeProtection } from '../../accounts/change-protection.ts';
import { whereOf } from '../../events/audit-context.ts';
import { recentSeconds, requireRecent, type RecentSignInParts } from '../../http/require-recent.ts';
import type { ElevateSession } from '../../sessions/session-elevation.ts';
import type { SessionRevocation } from '../../sessions/session-revocation.ts';
import { connectIdentity, type ExternalAccountParts } from './external-account.ts';
import type { ExternalProof } from './external-proof.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { flowSeconds } from './provider-flow.ts';
import type { KeptTokenTable } from './kept-tokens/kept-tokens.ts';
import type { TokenRevocation } from './kept-tokens/revoke-ended-tokens.ts';
import { refuse } from './provider-refusal.ts';

export interface ConnectParts extends ExternalAccountParts, RecentSignInParts {
  readonly directory: SessionDirectory;
  readonly sessions: SessionStore;
  readonly revocation: SessionRevocation;
  readonly elevateSession: ElevateSession;
  /** Names of the providers that the configuration has. */
  readonly offered: ReadonlySet<string>;
  readonly keptTokens: KeptTokenTable;
  readonly tokenRevocation: Pick<TokenRevocation, 'wake'>;
}

/** The session in which a flow was begun. @throws a refusal when it has ended. */
async function requireSessionOfFlow({ directory }: ConnectParts, sid: string | undefined): Promise<LiveSession> {
  const session = sid === undefined ? null : await directory.bySid(sid);
  if (session === null) throw refuse('session-ended');
  return session;
}

/**
 * Connects an identity to the account of the session that asked for it, whatever addresses both have: the owner proved
 * freshly to be there, here and at the provider.
 */
export async function connectToSession(
  parts: ConnectParts,
  provider: IdentityProvider,
  proof: ExternalProof,
  sid: string | undefined,
  context: RequestContext,
): Promise<void> {
  const { identities, users, mailer } = parts;
  // The proof was fresh when the flow began, and the flow is short.
  const requireStill = async (): Promise<LiveSession> => {
    const session = await requireSessionOfFlow(parts, sid);
    await requireRecent(session, parts, recentSeconds + flowSeconds);
    return session;
  };
  const { id } = (await requireStill()).principal;
  const connected = await identities.find(proof.issuer, proof.subject);
  if (connected?.userId === id) return keepTokensOf(parts, provider, proof, id);
  if (connected !== null) {
    if ((await users.findById(connected.userId)) !== null) throw refuse('connected-elsewhere');
    await identities.disconnect(connected.id, connected.userId);
  }
  try {
    const { user } = await changeProtection(parts, id, 'provider-connected', async (owner) => {
      await requireStill();
      await connectIdentity(parts, provider, proof, owner.id, 'signed-in', context);
    });
    await keepTokensOf(parts, provider, proof, id);
    await mailer.send('provider-connected', user);
  } catch (error) {
    if (error instanceof SallyportError && error.reason === 'duplicate') throw refuse('connected-elsewhere');
    throw error;
  }
}

async function keepTokensOf(
  { identities, keptTokens }: ConnectParts,
  { id: provider }: IdentityProvider,
  { issuer, subject, tokens }: ExternalProof,
  userId: string,
): Promise<void> {
  const identity = tokens === undefined ? null : await identities.find(issuer, subject);
  if (tokens === undefined || identity?.userId !== userId) return;
  await keptTokens.keep({ identityId: identity.id, userId, provider }, tokens);
}

/**
 * Counts a fresh sign-in at a provider as a fresh one here, for an account that requires no more than the provider is
 * believed to have asked for. Resolves to the `Set-Cookie` value with the new token of the session.
 */
export async function confirmSession(
  parts: ConnectParts,
  provider: IdentityProvider,
  proof: ExternalProof,
  sid: string | undefined,
  context: RequestContext,
): Promise<string> {
  const { identities, requiredAssurance, elevateSession, events, now } = parts;
  const { principal } = await requireSessionOfFlow(parts, sid);
  const identity = await identities.find(proof.issuer, proof.subject);
  if (identity?.userId !== principal.id) throw refuse('connected-elsewhere');
  // A provider alone must not make a recent sign-in of a strong one that is old.
  if (!isAssuranceAtLeast(proof.acr, await requiredAssurance.of(principal))) throw refuse('second-factor-due');
  const [amr = ''] = proof.amr;
  const { record, setCookie } = await elevateSession(principal.sid, {
    acr: proof.acr,
    amr,
    isOnTop: false,
    isSignIn: true,
  });
  await events.append({
    type: 'provider.stepped-up',
    at: now(),
    outcome: 'success',
    actor: record.subject,
    target: record.subject,
    sid: record.sid,
    ...whereOf(context),
    details: { provider: provider.id, acr: proof.acr },
  });
  return setCookie;
}

/**
 * Disconnects an identity from the account of a session, and ends the other sessions that were begun with its provider.
 *
 * Rejects with `SP_NOT_FOUND`, `SP_STEP_UP_REQUIRED`, and `SP_LAST_SIGN_IN_METHOD` when no other way to sign in would be left.
 */
export async function disconnectFromSession(
  parts: ConnectParts,
  session: LiveSession,
  identityId: string,
  context: RequestContext,
): Promise<void> {
  const { identities, engine, events, mailer, now, offered } = parts;
  const { id: userId, sid } = session.principal;
  const { user, outcome: provider } = await changeProtection(parts, userId, 'provider-disconnected', async () => {
    await requireRecent(session, parts);
    const owned = await identities.list(userId);
    const identity = owned.find(({ id }) => id === identityId);
    if (identity === undefined) throw unknownIdentity();
    const hasOther = owned.some((other) => other.id !== identityId && offered.has(other.provider));
    if (!hasOther && (await engine.findPasswordHash(userId)) === null)
      throw new SallyportError('SP_LAST_SIGN_IN_METHOD', { reason: 'last-sign-in-method' });
    await events.append({
      type: 'provider.disconnected',
      at: now(),
      outcome: 'success',
      actor: userId,
      target: userId,
      sid,
      ...whereOf(context),
      details: { provider: identity.provider, issuer: identity.issuer },
    });
    if (!(await identities.disconnect(identityId, userId))) throw unknownIdentity();
    await parts.keptTokens.end({ identityId });
    return identity.provider;
  });
  parts.tokenRevocation.wake();
  await endSessionsOf(parts, userId, provider, sid, context);
  await mailer.send('provider-disconnected', user);
}

async function endSessionsOf(
  { sessions, revocation, now }: ConnectParts,
  subject: string,
  provider: string,
  current: string,
  context: RequestContext,
): Promise<void> {
  for (const record of await sessions.listLive(subject, now()))
    if (record.provider?.id === provider && record.sid !== current)
      await revocation.end({ sid: record.sid, subject, reason: 'signed-out-elsewhere' }, context);
}

/** Another owner's identity and one that never was give the same answer. */
function unknownIdentity(): SallyportError {
  return new SallyportError('SP_NOT_FOUND', { reason: 'identity-unknown' });
}
