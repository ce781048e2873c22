import { TOTP, Secret } from 'otpauth';
import type { Caller } from '@sallyport/core';
import { goodPassword, type Answer, type Harness, type RequestOptions } from '../../identity.test-support.ts';

/** An account with an authenticator app, and what its owner holds. */
export interface AppOwner {
  readonly id: string;
  readonly email: string;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
  /** Of the session in which the app was set up. */
  readonly caller: Caller;
  readonly sid: string;
}

/** The code that an authenticator app shows, some steps of 30 seconds from now. */
export function codeOf(harness: Harness, secret: string, steps = 0): string {
  const timestamp = harness.now().getTime() + steps * 30_000;
  return TOTP.generate({ secret: Secret.fromBase32(secret), timestamp });
}

/** A code that no app shows now. */
export function wrongCodeFor(harness: Harness, secret: string): string {
  const right = new Set([-2, -1, 0, 1, 2].map((steps) => codeOf(harness, secret, steps)));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !right.has(code)) ?? '666666';
}

/** Makes an account that signs in and sets up an app. Afterwards the clock stands in a step of which no code was used. */
export async function makeAppOwner(harness: Harness, email: string, roles?: readonly string[]): Promise<AppOwner> {
  const id = await harness.makeUser(email, roles);
  const { caller, sid } = await harness.signIn(email);
  const { secret, recoveryCodes } = await setUpApp(harness, { caller });
  harness.advance(60);
  return { id, email, secret, recoveryCodes, caller: await callerOf(harness, sid), sid };
}

/** Sets up an authenticator app. */
export async function setUpApp(
  harness: Harness,
  options: RequestOptions,
): Promise<{ readonly secret: string; readonly recoveryCodes: readonly string[]; readonly answer: Answer }> {
  const started = await harness.call('POST', '/auth/second-factor/totp/start', undefined, options);
  const { secret } = started.body as { readonly secret: string };
  const json = { code: codeOf(harness, secret) };
  const answer = await harness.call('POST', '/auth/second-factor/totp/confirm', json, options);
  const { recoveryCodes = [] } = answer.body as { readonly recoveryCodes?: readonly string[] };
  return { secret, recoveryCodes, answer };
}

/** Who the gateway would say is calling with this session now. */
export async function callerOf(harness: Harness, sid: string): Promise<Caller> {
  const session = await harness.identity.directory.bySid(sid);
  if (session === null) throw new Error('the session has ended');
  return session.principal;
}

/** Takes the first step of a sign-in, and resolves to the request options of the second. */
export async function beginSignIn(harness: Harness, email: string): Promise<RequestOptions & { answer: Answer }> {
  const answer = await harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword });
  return { headers: { cookie: `sallyport-3000-pending=${answer.pending}` }, answer };
}

/** Takes the second step. */
export function verify(
  harness: Harness,
  pending: RequestOptions,
  code: string,
  method = 'totp',
  more: object = {},
): Promise<Answer> {
  return harness.call('POST', '/auth/second-factor/verify', { method, code, ...more }, pending);
}
