import { Hono } from 'hono';
import * as z from 'zod';
import {
  SallyportError,
  serializeClearedSessionCookie,
  serializeSessionCookie,
  type RequestContext,
  type SessionRecord,
} from '@sallyport/core';
import type { Guess } from '../accounts/guess-limiter.ts';
import type { User } from '../accounts/user-table.ts';
import { whereOf } from '../events/security-event-log.ts';
import type { IdentityParts } from '../identity-parts.ts';
import { toStoredUserAgent } from '../sessions/device-label.ts';
import { accountFields } from './account-fields.ts';
import { answerFloor } from './answer-floor.ts';
import { findSession, type IdentityEnvironment } from './identity-request.ts';
import { readBody, readNothing } from './request-body.ts';
import { toSafeReturnTo } from './return-to.ts';

const signInSchema = z.strictObject({
  email: accountFields.email,
  password: accountFields.presentedPassword,
  returnTo: z.string().optional(),
});

interface SignIn {
  readonly email: string;
  readonly password: string;
  readonly userAgent: string;
  /** What the browser presented as its device cookie. */
  readonly presentedDevice: string;
  readonly context: RequestContext;
}

interface SignedIn {
  readonly user: User;
  readonly token: string;
  readonly record: SessionRecord;
}

const maximumAttempts = 3;

/** Sign-in with a password, and sign-out. The token of a session is in the cookie and nowhere else. */
export function createSignInRoutes(parts: IdentityParts) {
  const { cookie, deviceCookie, lifetime, directory, revocation } = parts;

  return new Hono<IdentityEnvironment>()
    .post('/sign-in/email', answerFloor(parts.answerFloorMilliseconds), async (c) => {
      const { email, password, returnTo } = await readBody(c.req.raw, signInSchema);
      const { context } = c.env;
      const userAgent = toStoredUserAgent(c.req.header('user-agent'));
      const presentedDevice = deviceCookie.read(c);
      const { user, token } = await signInWithinLimits(parts, { email, password, userAgent, presentedDevice, context });
      const { id, name, roles } = user;
      c.header('set-cookie', serializeSessionCookie(cookie, token, lifetime.absoluteSeconds));
      deviceCookie.trust(c, user);
      return c.json({ user: { id, name, email: user.email, roles }, returnTo: toSafeReturnTo(returnTo) });
    })
    .post('/sign-out', async (c) => {
      await readNothing(c.req.raw);
      const { caller } = c.env.context;
      const session = await findSession(c.env.context, directory);
      if (session !== null) {
        const { sid, id: subject } = session.principal;
        await revocation.end({ sid, subject, reason: 'signed-out' }, c.env.context);
      } else if (caller.kind === 'user' && caller.sid !== undefined) {
        // The door remembers what is over: whoever ended it died before it could say so, and is asked again now.
        await revocation.announce([caller.sid], 'signed-out');
      }
      c.header('set-cookie', serializeClearedSessionCookie(cookie));
      return c.body(null, 204);
    });
}

async function signInWithinLimits(parts: IdentityParts, signIn: SignIn): Promise<SignedIn> {
  const { users, guesses, devices } = parts;
  const { email, presentedDevice, context } = signIn;
  const user = await users.findByEmail(email);
  const device = devices.find(presentedDevice, user);
  const guess = await guesses.begin({ account: email, address: context.clientAddress, device });
  if (guess.kind === 'limited') {
    if (guess.isFirst) await noteRefusal(parts, context, 'too-many-attempts', user);
    const { retryAfterSeconds } = guess;
    throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'guessing', retryAfterSeconds });
  }
  try {
    return await signInOnce(parts, signIn, guess);
  } finally {
    // A failure of ours is not a wrong password. Does nothing when it was one.
    await guess.abandoned();
  }
}

async function signInOnce(parts: IdentityParts, signIn: SignIn, guess: Guess): Promise<SignedIn> {
  const { engine, users } = parts;
  const { email, password, context, userAgent } = signIn;
  for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
    const user = await users.findByEmail(email);
    const outcome = await engine.signInWithPassword(email, password, context, userAgent);
    if (outcome.kind === 'credentials-invalid') await guess.failed();
    if (outcome.kind !== 'signed-in') {
      await noteRefusal(parts, context, outcome.kind, user);
      throw new SallyportError(outcome.kind === 'email-unverified' ? 'SP_EMAIL_UNVERIFIED' : 'SP_CREDENTIALS_INVALID', {
        reason: outcome.kind,
      });
    }
    const signedIn = await settle(parts, outcome.token, user, guess, context);
    if (signedIn !== null) return signedIn;
  }
  throw new SallyportError('SP_CONFLICT', { reason: 'authority-keeps-changing' });
}

/** Makes a session good that was just created, or ends it: nothing half-done may stay behind. */
async function settle(
  parts: IdentityParts,
  token: string,
  user: User | null,
  guess: Guess,
  context: RequestContext,
): Promise<SignedIn | null> {
  const { sessions, sessionSealer, users, now } = parts;
  const record = await sessions.findByTokenHash(sessionSealer.hashes(token));
  if (record === null) throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'session-not-found' });
  const discard = () => sessions.revoke(record.sid, record.subject, 'signed-out', now());
  try {
    // The password, the roles or the ban may have changed between the check of the password and the new session, in
    // which case whoever ended all sessions did not see this one.
    const current = await users.findById(record.subject);
    if (user === null || current === null || current.generation !== user.generation) {
      await discard();
      return null;
    }
    await guess.succeeded();
    await noteSuccess(parts, record, context);
    await replaceSession(parts, context);
    return { user: current, token, record };
  } catch (error) {
    await discard().catch(() => {});
    throw error;
  }
}

/** Signing in again in the same browser ends the session that it had: its cookie is about to be overwritten. */
async function replaceSession({ revocation }: IdentityParts, context: RequestContext): Promise<void> {
  const { caller } = context;
  if (caller.kind !== 'user' || caller.credential !== 'session' || caller.sid === undefined) return;
  await revocation.end({ sid: caller.sid, subject: caller.id, reason: 'replaced-by-sign-in' }, context);
}

async function noteSuccess(
  { events, now }: IdentityParts,
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

async function noteRefusal(
  { events, now }: IdentityParts,
  context: RequestContext,
  reason: string,
  user: User | null,
): Promise<void> {
  await events.append({
    type: 'sign-in.refused',
    at: now(),
    outcome: 'refused',
    ...(user === null ? {} : { target: user.id }),
    ...whereOf(context),
    details: { reason },
  });
}
