import { Hono } from 'hono';
import * as z from 'zod';
import {
  serializeSessionCookie,
  type RequestContext,
  type SessionCookie,
  type SignedInAnswer,
  type SignInAnswer,
  toSafeReturnTo,
  type PageTable,
} from '@sallyport/core';
import { toShownUser } from '../../accounts/shown-user.ts';
import { toStoredUserAgent } from '../../sessions/device-label.ts';
import type { SessionLifetime } from '../../sessions/session-maker.ts';
import { accountFields } from '../../http/account-fields.ts';
import { answerFloor, type AnswerFloor } from '../../http/answer-floor.ts';
import type { DeviceCookie } from '../../http/device-cookie.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import type { SignInProof } from '../../sessions/required-assurance.ts';
import { settleSession, type SignedIn, type SettleSessionParts } from '../../sessions/settle-session.ts';
import { readSignIn, signInWithPassword, type PasswordSignInParts } from '../../sign-in/password-sign-in.ts';

export interface SignInParts extends AnswerFloor, SettleSessionParts, PasswordSignInParts {
  readonly pages: PageTable;
  readonly cookie: SessionCookie;
  readonly deviceCookie: DeviceCookie;
  readonly lifetime: SessionLifetime;
}

const signInSchema = z.strictObject({
  email: accountFields.email,
  password: accountFields.presentedPassword,
  returnTo: z.string().optional(),
});

/**
 * Sign-in with a password. The token of a session is in the cookie and nowhere else. Where the account requires more, the
 * right password leads to no session, but to the question of the gate that requires it.
 */
export function createSignInRoutes(parts: SignInParts) {
  const { cookie, deviceCookie, lifetime } = parts;

  return new Hono<IdentityEnvironment>().post('/sign-in/email', answerFloor(parts), async (c) => {
    const { context } = c.env;
    const { email, password, returnTo } = await readSignIn(parts, c.req.raw, signInSchema, context);
    const userAgent = toStoredUserAgent(c.req.header('user-agent'));
    const outcome = await signInWithPassword<SignedIn>(parts, {
      email,
      password,
      presentedDevice: deviceCookie.read(c),
      client: 'browser',
      context,
      make: (proof, onSettled) => makeBrowserSession(parts, proof, userAgent, context, onSettled),
    });
    if (outcome.kind === 'asked') {
      const { setCookie, status, methods } = outcome;
      c.header('set-cookie', setCookie);
      return c.json({ status, methods, returnTo: toSafeReturnTo(returnTo, parts.pages) } satisfies SignInAnswer);
    }
    const { user, token } = outcome.made;
    c.header('set-cookie', serializeSessionCookie(cookie, token, lifetime.absoluteSeconds));
    deviceCookie.trust(c, user);
    const shown = toShownUser(user);
    return c.json({
      status: 'signed-in',
      user: shown,
      returnTo: toSafeReturnTo(returnTo, parts.pages),
    } satisfies SignedInAnswer);
  });
}

async function makeBrowserSession(
  parts: SignInParts,
  { user }: SignInProof,
  userAgent: string,
  context: RequestContext,
  onSettled: () => Promise<void>,
): Promise<SignedIn | 'retry' | 'banned'> {
  const order = { userId: user.id, method: 'password', userAgent, address: context.clientAddress } as const;
  const creation = await parts.engine.createSession(order);
  if (creation.kind === 'assurance-insufficient') return 'retry';
  if (creation.kind === 'banned') return 'banned';
  return (await settleSession(parts, creation.token, user, context, onSettled)) ?? 'retry';
}
