import { Hono } from 'hono';
import * as z from 'zod';
import { SallyportError, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import type { PendingAccounts } from '../../accounts/pending-accounts.ts';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';
import type { RequireAcceptablePassword } from '../../accounts/chosen-passwords.ts';
import { isPendingAccount, type User } from '../../accounts/user-table.ts';
import { createRowId } from '../../database/row-id.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import { accountFields } from '../../http/account-fields.ts';
import { answerFloor, type AnswerFloor } from '../../http/answer-floor.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody } from '../../http/request-body.ts';
import type { SignUpCookie } from '../../http/sign-up-cookie.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import { claimAccount, type ClaimAccountParts } from './claim-account.ts';
import type { PasswordEvent } from './password-events.ts';
import type { PasswordMail } from './password-mails.ts';

export interface SignUpParts extends AnswerFloor, ClaimAccountParts {
  readonly signUpRoles: readonly string[];
  readonly pendingAccounts: PendingAccounts;
  readonly signUpCookie: SignUpCookie;
  readonly mailer: AccountMailer<PasswordMail>;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly events: SecurityEventLog<KernelEvent | PasswordEvent>;
  readonly hashing: PasswordHashing;
  readonly requireAcceptablePassword: RequireAcceptablePassword;
}

const signUpSchema = z.strictObject({
  name: accountFields.name,
  email: accountFields.email,
  password: accountFields.chosenPassword,
});
const sendVerificationSchema = z.strictObject({ email: accountFields.email });
const verifySchema = z.strictObject({
  token: accountFields.linkToken,
  name: accountFields.name.optional(),
  newPassword: accountFields.chosenPassword.optional(),
});

/** Beyond them, others sign up with this address at this moment, and the mail to its owner is theirs. */
const maxAttempts = 4;

/**
 * Sign-up and the proof of an email address. Whether an address has an account shows in no answer, only in mail to it.
 * What was chosen at sign-up counts only where the browser that chose it opens the link.
 */
export function createSignUpRoutes(parts: SignUpParts) {
  const { users, links, mailer, now, hashing, pendingAccounts, signUpCookie, requireAcceptablePassword } = parts;
  const floor = answerFloor(parts);

  return new Hono<IdentityEnvironment>()
    .post('/sign-up/email', floor, async (c) => {
      const { password, ...person } = await readBody(c.req.raw, signUpSchema);
      requireAcceptablePassword('password', password, person);
      // Hashed for an address that exists, too: hashing is most of the time that this takes.
      const passwordHash = await hashing.hash(password);
      const made = await signUp(parts, { ...person, passwordHash }, c.env.context);
      // The answer tells nothing: where no account was made, the cookie is of none.
      signUpCookie.write(c, made ?? createRowId());
      return c.json({ status: 'verification-sent' });
    })
    .post('/send-verification-email', floor, async (c) => {
      const { email } = await readBody(c.req.raw, sendVerificationSchema);
      const user = await users.findByEmail(email);
      const send =
        user === null || user.emailVerified
          ? null
          : await mailer.reserve('verify-email', user, c.env.context.clientAddress);
      if (user !== null && send !== null) {
        await users.keepPending(user.id, pendingAccounts.expiryFrom(now()));
        send(await links.issue('verify-email', user.id));
      }
      return c.json({ status: 'verification-sent' });
    })
    .post('/verify-email', async (c) => {
      const { token, name, newPassword } = await readBody(c.req.raw, verifySchema);
      const userId = await links.find('verify-email', token);
      const user = userId === null ? null : await users.findById(userId);
      if (user === null) throw linkInvalid();
      if (name === undefined && newPassword === undefined && signUpCookie.isOf(c, user.id))
        await confirm(parts, token, c.env.context);
      else {
        const chosen = requireChosen(name, newPassword);
        // A password that is refused does not use the link up.
        requireAcceptablePassword('newPassword', chosen.password, { name: chosen.name, email: user.email });
        const passwordHash = await hashing.hash(chosen.password);
        const claim = { purpose: 'verify-email', token, passwordHash, name: chosen.name } as const;
        await claimAccount(parts, claim, c.env.context);
      }
      signUpCookie.clear(c);
      return c.json({ status: 'verified' });
    });
}

interface NewPerson {
  readonly name: string;
  readonly email: string;
  readonly passwordHash: string;
}

/**
 * Makes an account that waits for the proof of its address, in place of one that waits already.
 *
 * @returns its id, or `null` when none was made: the address has an account that stays, or had enough mail.
 */
async function signUp(parts: SignUpParts, person: NewPerson, context: RequestContext): Promise<string | null> {
  const { users, mailer } = parts;
  let send: Awaited<ReturnType<typeof mailer.reserve>> | undefined;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const owner = await users.findByEmail(person.email);
    if (owner !== null && !isPendingAccount(owner)) {
      await noteRepetition(parts, owner, context);
      return null;
    }
    // An address that gets no more mail keeps the links that it has.
    send ??= await mailer.reserve('verify-email', { ...person, emailVerified: false }, context.clientAddress);
    if (send === null) return null;
    const account = await replacePending(parts, person, context);
    if (account === 'retry') continue;
    send(account.token);
    return account.id;
  }
  return null;
}

async function replacePending(
  { engine, links, events, now, signUpRoles, transaction, pendingAccounts }: SignUpParts,
  person: NewPerson,
  context: RequestContext,
): Promise<{ readonly id: string; readonly token: string } | 'retry'> {
  try {
    return await transaction(async () => {
      let token = '';
      const at = now();
      await pendingAccounts.discard(person.email, 'signed-up-again', whereOf(context));
      const expiresAt = pendingAccounts.expiryFrom(at);
      const account = { ...person, roles: signUpRoles, emailVerified: false, expiresAt };
      const id = await engine.createAccount(account, async (userId) => {
        token = await links.issue('verify-email', userId);
        await events.append({
          type: 'account.created',
          at,
          outcome: 'success',
          actor: userId,
          target: userId,
          ...whereOf(context),
          details: {},
        });
      });
      return { id, token };
    });
  } catch (error) {
    // Another sign-up with this address, or a proof of it, came first: what is there now is looked at again.
    if (error instanceof SallyportError && error.code === 'SP_CONFLICT') return 'retry';
    throw error;
  }
}

/** Confirms an address in the browser that signed up: what was chosen there counts. */
async function confirm(parts: SignUpParts, token: string, context: RequestContext): Promise<void> {
  const { users, links, events, transaction, now } = parts;
  await transaction(async () => {
    const at = now();
    const userId = await links.consume('verify-email', token);
    if (userId === null || (await users.findById(userId)) === null) throw linkInvalid();
    // The event first, for databases without transactions.
    await events.append({
      type: 'account.email-verified',
      at,
      outcome: 'success',
      actor: userId,
      target: userId,
      ...whereOf(context),
      details: { credentials: 'kept' },
    });
    // A new sign-up, or a reset, may have come first.
    if (!(await users.markVerified(userId, at))) throw linkInvalid();
    await links.discard('verify-email', userId);
  });
}

function requireChosen(name: string | undefined, password: string | undefined) {
  if (name !== undefined && password !== undefined) return { name, password };
  const missing = [...(name === undefined ? ['name'] : []), ...(password === undefined ? ['newPassword'] : [])];
  const message = 'is required: this browser is not the one that signed up';
  throw new SallyportError('SP_VALIDATION_FAILED', {
    reason: 'sign-up-of-another-browser',
    errors: missing.map((field) => ({ field, message })),
  });
}

function linkInvalid(): SallyportError {
  return new SallyportError('SP_LINK_INVALID', { reason: 'link-unknown' });
}

async function noteRepetition(parts: SignUpParts, owner: User, context: RequestContext): Promise<void> {
  const send = await parts.mailer.reserve('already-registered', owner, context.clientAddress);
  if (send === null) return;
  await parts.events.append({
    type: 'account.sign-up-repeated',
    at: parts.now(),
    outcome: 'refused',
    target: owner.id,
    ...whereOf(context),
    details: {},
  });
  send();
}
