import {
  isAssuranceAtLeast,
  retryContended,
  SallyportError,
  type RequestContext,
  type SecurityEventLog,
} from '@sallyport/core';
import { changeProtection, type ProtectionChangeParts } from '../../accounts/change-protection.ts';
import type { OneTimeLinks } from '../../accounts/one-time-links.ts';
import type { PendingAccounts } from '../../accounts/pending-accounts.ts';
import { isPendingAccount, type User } from '../../accounts/user-table.ts';
import type { Engine } from '../../engine/better-auth-engine.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import type { RequiredAssurance } from '../../sessions/required-assurance.ts';
import type { ExternalIdentities, ExternalIdentity } from './external-identities.ts';
import type { ExternalProof } from './external-proof.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { ProviderEvent } from './provider-events.ts';
import type { ProviderMail } from './provider-mails.ts';
import { refuse } from './provider-refusal.ts';

export interface ExternalAccountParts extends ProtectionChangeParts {
  readonly engine: Engine;
  readonly links: OneTimeLinks;
  readonly pendingAccounts: PendingAccounts;
  readonly signUpRoles: readonly string[];
  readonly identities: ExternalIdentities;
  readonly mailer: AccountMailer<ProviderMail>;
  readonly events: SecurityEventLog<KernelEvent | ProviderEvent>;
  readonly hasTransactions: boolean;
  readonly requiredAssurance: RequiredAssurance;
}

/** Whose account a proof signs in to. */
export type ExternalAccount =
  | { readonly kind: 'account'; readonly user: User; readonly identityId: string }
  /** The address is to be proved by mail first. `userId` is the account that waits for it, if one was made. */
  | { readonly kind: 'verification-sent'; readonly userId: string | undefined };

/** An address that the provider gave, and what is known of it. */
type AddressedProof = ExternalProof & { readonly email: string };

const contention = { maxAttempts: 6, code: 'SP_CONFLICT' } as const;

/**
 * Finds the account that an identity of a provider signs in to, connects one, or makes one.
 *
 * The identity is the pair of issuer and subject. Where it is connected to nothing, an account with the same address is its
 * own only when both sides proved the address: the provider, which the configuration has to believe about that domain, and
 * the owner of the account here; and when that account asks for no more than the provider is believed to have asked for. What a stranger may have begun with an address gives way to its proof. An unproved address
 * leads to a mail, and whether it has an account shows in that mail alone.
 *
 * Rejects with a refusal, and with `SP_CONFLICT` when others keep changing the same accounts.
 */
export function findExternalAccount(
  parts: ExternalAccountParts,
  provider: IdentityProvider,
  proof: ExternalProof,
  context: RequestContext,
): Promise<ExternalAccount> {
  return retryContended(contention, async () => {
    const known = await findConnected(parts, proof);
    if (known?.user !== undefined) return { kind: 'account', user: known.user, identityId: known.identity.id };
    const { email } = proof;
    if (email === undefined) throw refuse('email-missing');
    const addressed = { ...proof, email };
    try {
      return proof.isEmailProved
        ? await connectProved(parts, provider, addressed, known?.pending, context)
        : await askForAddress(parts, provider, addressed, known?.pending, context);
    } catch (error) {
      // Another request with this identity, or this address, came first: what is there now is looked at again.
      if (error instanceof SallyportError && error.reason === 'duplicate') return 'retry';
      throw error;
    }
  });
}

interface Connected {
  readonly identity: ExternalIdentity;
  /** The account, where it can be signed in to. */
  readonly user?: User;
  /** The account, where it still waits for the proof of its address. */
  readonly pending?: User;
}

async function findConnected(parts: ExternalAccountParts, proof: ExternalProof): Promise<Connected | undefined> {
  const { identities, users } = parts;
  const identity = await identities.find(proof.issuer, proof.subject);
  if (identity === null) return undefined;
  const user = await users.findById(identity.userId);
  if (user === null) {
    // Without transactions, the deletion of an account may have ended before this row went.
    await identities.disconnect(identity.id, identity.userId);
    return undefined;
  }
  if (isPendingAccount(user)) return { identity, pending: user };
  if (!user.emailVerified) throw refuse('account-unconfirmed');
  return { identity, user };
}

/** The provider proved the address. */
async function connectProved(
  parts: ExternalAccountParts,
  provider: IdentityProvider,
  proof: AddressedProof,
  pending: User | undefined,
  context: RequestContext,
): Promise<ExternalAccount | 'retry'> {
  const { users, identities } = parts;
  const owner = await users.findByEmail(proof.email);
  if (owner !== null && !isPendingAccount(owner)) {
    // An account that an operator made for an address that was never proved: its first proof is by mail.
    if (!owner.emailVerified) throw refuse('account-unconfirmed');
    if (owner.isBanned) throw refuse('banned');
    await connectToOwner(parts, provider, proof, owner, context);
  } else {
    if (!provider.signUp) throw refuse('sign-up-off');
    await makeAccount(parts, provider, proof, pending, context, async () => {});
  }
  const identity = await identities.find(proof.issuer, proof.subject);
  const user = identity === null ? null : await users.findById(identity.userId);
  return identity === null || user === null ? 'retry' : { kind: 'account', user, identityId: identity.id };
}

async function connectToOwner(
  parts: ExternalAccountParts,
  provider: IdentityProvider,
  proof: AddressedProof,
  { id }: User,
  context: RequestContext,
): Promise<void> {
  const { requiredAssurance } = parts;
  const { user } = await changeProtection(parts, id, 'provider-connected', async (owner) => {
    // As it is now: the address may have gone to another account, or the account may have been banned.
    if (!owner.emailVerified || owner.email !== proof.email) throw refuse('account-unconfirmed');
    if (owner.isBanned) throw refuse('banned');
    // A provider alone must not add a way in to an account that asks for more: its owner connects it, signed in.
    if (!isAssuranceAtLeast(proof.acr, await requiredAssurance.of(owner))) throw refuse('second-factor-due');
    await connectIdentity(parts, provider, proof, owner.id, 'same-address', context);
  });
  await parts.mailer.send('provider-connected', user);
}

/** Connects an identity to an account that has none of this provider. Joins the transaction that it is called in. */
export async function connectIdentity(
  { identities, events, now }: Pick<ExternalAccountParts, 'identities' | 'events' | 'now'>,
  { id: provider }: Pick<IdentityProvider, 'id'>,
  { issuer, subject, email }: ExternalProof,
  userId: string,
  how: 'sign-up' | 'same-address' | 'signed-in',
  context: RequestContext,
): Promise<void> {
  const owned = await identities.list(userId);
  if (owned.some((identity) => identity.provider === provider)) throw refuse('another-identity');
  const at = now();
  // The event first, for databases without transactions.
  await events.append({
    type: 'provider.connected',
    at,
    outcome: 'success',
    actor: userId,
    target: userId,
    ...whereOf(context),
    details: { provider, issuer, how },
  });
  await identities.connect({ userId, provider, issuer, subject, email }, at);
}

/** Makes an account with an identity, in place of those that wait for the same address or belong to the same identity. */
async function makeAccount(
  parts: ExternalAccountParts,
  provider: IdentityProvider,
  proof: AddressedProof,
  pending: User | undefined,
  context: RequestContext,
  alongside: (userId: string) => Promise<void>,
): Promise<string> {
  const { engine, events, now, pendingAccounts, signUpRoles, transaction, hasTransactions, users } = parts;
  const { email, isEmailProved } = proof;
  let made: string | undefined;
  try {
    return await transaction(async () => {
      const at = now();
      const where = whereOf(context);
      if (pending !== undefined) await pendingAccounts.discard(pending.email, 'signed-up-again', where);
      await pendingAccounts.discard(email, 'signed-up-again', where);
      const waiting = isEmailProved ? {} : { expiresAt: pendingAccounts.expiryFrom(at) };
      const name = proof.name ?? nameFrom(email);
      const account = { name, email, passwordHash: undefined, roles: signUpRoles, emailVerified: isEmailProved };
      made = await engine.createAccount({ ...account, ...waiting }, (target) =>
        events.append({
          type: 'account.created',
          at,
          outcome: 'success',
          actor: target,
          target,
          ...where,
          details: {},
        }),
      );
      await alongside(made);
      await connectIdentity(parts, provider, proof, made, 'sign-up', context);
      return made;
    });
  } catch (error) {
    // Of two first sign-ins of one identity, one connects it: the account of the other is taken back.
    const orphan = hasTransactions || made === undefined ? null : await users.findById(made);
    if (orphan !== null) await users.delete(orphan);
    throw error;
  }
}

/** The address is not proved: the answer is the same whether it has an account or not, and the mail tells its owner. */
async function askForAddress(
  parts: ExternalAccountParts,
  provider: IdentityProvider,
  proof: AddressedProof,
  pending: User | undefined,
  context: RequestContext,
): Promise<ExternalAccount> {
  if (!provider.signUp) throw refuse('sign-up-off');
  const { users, mailer, links, events, now } = parts;
  const { email } = proof;
  const owner = await users.findByEmail(email);
  if (owner !== null && !isPendingAccount(owner)) {
    const send = await mailer.reserve('provider-address-taken', owner, context.clientAddress);
    if (send === null) return { kind: 'verification-sent', userId: undefined };
    const reported = { at: now(), outcome: 'refused', target: owner.id, ...whereOf(context) } as const;
    await events.append({ type: 'provider.address-taken', ...reported, details: { provider: provider.id } });
    send();
    return { kind: 'verification-sent', userId: undefined };
  }
  const recipient = { name: proof.name ?? nameFrom(email), email, emailVerified: false };
  const send = await mailer.reserve('provider-confirm-address', recipient, context.clientAddress);
  // An address that gets no more mail keeps the link that it has.
  if (send === null) return { kind: 'verification-sent', userId: undefined };
  let token = '';
  const userId = await makeAccount(parts, provider, proof, pending, context, async (id) => {
    token = await links.issue('verify-email', id);
  });
  send(token);
  return { kind: 'verification-sent', userId };
}

/** What stands in place of a name that the provider did not give. */
function nameFrom(email: string): string {
  return email.slice(0, email.lastIndexOf('@')).slice(0, 100);
}
