import { Hono } from 'hono';
import * as z from 'zod';
import { isStoreFault, SallyportError, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import type { OneTimeLinks } from '../../accounts/one-time-links.ts';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';
import type { RequireAcceptablePassword } from './password-rules.ts';
import type { User, UserTable } from '../../accounts/user-table.ts';
import type { Engine } from '../../engine/better-auth-engine.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import { accountFields } from '../../http/account-fields.ts';
import { answerFloor, type AnswerFloor } from '../../http/answer-floor.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody } from '../../http/request-body.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import type { PasswordEvent } from './password-events.ts';
import type { PasswordMail } from './password-mails.ts';

export interface SignUpParts extends AnswerFloor {
  readonly signUpRoles: readonly string[];
  readonly engine: Engine;
  readonly users: UserTable;
  readonly links: OneTimeLinks;
  readonly mailer: AccountMailer<PasswordMail>;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly events: SecurityEventLog<KernelEvent | PasswordEvent>;
  readonly hashing: PasswordHashing;
  readonly requireAcceptablePassword: RequireAcceptablePassword;
  readonly now: () => Date;
}

const signUpSchema = z.strictObject({
  name: accountFields.name,
  email: accountFields.email,
  password: accountFields.chosenPassword,
});
const sendVerificationSchema = z.strictObject({ email: accountFields.email });
const verifySchema = z.strictObject({ token: accountFields.linkToken });

/** Sign-up and the proof of an email address. Whether an address has an account shows in no answer, only in mail to it. */
export function createSignUpRoutes(parts: SignUpParts) {
  const { users, links, mailer, transaction, events, now, hashing, requireAcceptablePassword } = parts;
  const floor = answerFloor(parts);

  return new Hono<IdentityEnvironment>()
    .post('/sign-up/email', floor, async (c) => {
      const { password, ...person } = await readBody(c.req.raw, signUpSchema);
      requireAcceptablePassword('password', password, person);
      // Hashed for an address that exists, too: hashing is most of the time that this takes.
      const passwordHash = await hashing.hash(password);
      const owner = await users.findByEmail(person.email);
      if (owner === null) await createAccount(parts, { ...person, passwordHash }, c.env.context);
      else await noteRepetition(parts, owner, c.env.context);
      return c.json({ status: 'verification-sent' });
    })
    .post('/send-verification-email', floor, async (c) => {
      const { email } = await readBody(c.req.raw, sendVerificationSchema);
      const user = await users.findByEmail(email);
      if (user !== null && !user.emailVerified)
        await mailer.send('verify-email', user, await links.issue('verify-email', user.id));
      return c.json({ status: 'verification-sent' });
    })
    .post('/verify-email', async (c) => {
      const { token } = await readBody(c.req.raw, verifySchema);
      await transaction(async () => {
        const userId = await links.consume('verify-email', token);
        if (userId === null || (await users.findById(userId)) === null)
          throw new SallyportError('SP_LINK_INVALID', { reason: 'link-unknown' });
        // The event first, for databases without transactions.
        await events.append({
          type: 'account.email-verified',
          at: now(),
          outcome: 'success',
          actor: userId,
          target: userId,
          ...whereOf(c.env.context),
          details: {},
        });
        await users.markVerified(userId, now());
      });
      return c.json({ status: 'verified' });
    });
}

interface NewPerson {
  readonly name: string;
  readonly email: string;
  readonly passwordHash: string;
}

async function createAccount(parts: SignUpParts, person: NewPerson, context: RequestContext): Promise<void> {
  const { engine, users, links, mailer, events, now, signUpRoles } = parts;
  let token = '';
  try {
    await engine.createAccount({ ...person, roles: signUpRoles, emailVerified: false }, async (userId) => {
      token = await links.issue('verify-email', userId);
      await events.append({
        type: 'account.created',
        at: now(),
        outcome: 'success',
        actor: userId,
        target: userId,
        ...whereOf(context),
        details: {},
      });
    });
  } catch (error) {
    if (isStoreFault(error)) throw error;
    // Two sign-ups with one address at the same moment: the unique column let one of them in.
    const owner = await users.findByEmail(person.email);
    if (owner === null) throw error;
    return noteRepetition(parts, owner, context);
  }
  await mailer.send('verify-email', { ...person, emailVerified: false }, token);
}

async function noteRepetition(parts: SignUpParts, owner: User, context: RequestContext): Promise<void> {
  await parts.events.append({
    type: 'account.sign-up-repeated',
    at: parts.now(),
    outcome: 'refused',
    target: owner.id,
    ...whereOf(context),
    details: {},
  });
  await parts.mailer.send('already-registered', owner);
}
