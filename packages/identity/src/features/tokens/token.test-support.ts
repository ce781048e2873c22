import type { AuthenticationOutcome, Authenticator } from '@sallyport/core';
import { createSealer, openKeyRing } from '@sallyport/stores';
import {
  firstSecret,
  goodPassword,
  startHarness,
  type Answer,
  type Harness,
  type HarnessOptions,
} from '../../identity.test-support.ts';
import type { TokenAnswer } from './token-answers.ts';

/** A program that is signed in. */
export interface Program {
  readonly refreshToken: string;
  readonly accessToken: string;
  readonly sid: string;
}

/** Identity with first-party tokens, on the database of the test file. */
export async function startTokenHarness(
  tokens: NonNullable<HarnessOptions['features']>['firstPartyTokens'] = {},
  options: HarnessOptions = {},
): Promise<Harness> {
  const harness = await startHarness({
    ...options,
    features: { ...options.features, firstPartyTokens: tokens },
    makeKeyRing: (records) =>
      openKeyRing({ records, sealer: createSealer([firstSecret])('key-ring'), uses: ['internal', 'client'] }),
  });
  // Of a token from the second in which it began, its session is looked up.
  harness.advance(5);
  return harness;
}

/** Signs a program in. */
export async function signProgramIn(harness: Harness, email: string, device?: string): Promise<Program> {
  const answer = await harness.call('POST', '/auth/token', { email, password: goodPassword, device });
  return programOf(answer);
}

/** What an answer gave to a program. */
export function programOf(answer: Answer): Program {
  if (answer.status !== 200) throw new Error(`no tokens: ${answer.text}`);
  const { access_token: accessToken, refresh_token: refreshToken } = answer.body as TokenAnswer;
  return { accessToken, refreshToken, sid: refreshToken.slice('sp_rt_'.length, 'sp_rt_'.length + 22) };
}

/** Claims of a token, without a look at its signature. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** Presents a refresh token. */
export function refreshWith(harness: Harness, token: unknown, path = 'refresh'): Promise<Answer> {
  return harness.call('POST', `/auth/token/${path}`, { refresh_token: token });
}

/** An account whose programs are signed in. */
export const robin = 'robin@example.test';

/** What ends a sign-in of a program. */
export const endsOfSignIn: readonly {
  readonly name: string;
  readonly end: (harness: Harness, id: string, program: Program) => Promise<unknown>;
}[] = [
  { name: 'its own revocation', end: (harness, _, { refreshToken }) => refreshWith(harness, refreshToken, 'revoke') },
  { name: 'a ban', end: ({ identity }, id) => identity.accounts.setBanned(id, true) },
  {
    name: 'a ban that was lifted',
    end: async ({ identity }, id) => {
      await identity.accounts.setBanned(id, true);
      await identity.accounts.setBanned(id, false);
    },
  },
  { name: 'an operator', end: ({ identity }, id) => identity.accounts.endSessions(id) },
  { name: 'another password', end: resetPassword },
  { name: 'signing out everywhere', end: (harness) => signOutFromBrowser(harness, 'revoke-all') },
  { name: 'signing out other devices', end: (harness) => signOutFromBrowser(harness, 'revoke-others') },
];

async function resetPassword(harness: Harness): Promise<void> {
  await harness.call('POST', '/auth/request-password-reset', { email: robin });
  const token = await harness.linkToken(robin, 'reset-password');
  const answer = await harness.call('POST', '/auth/reset-password', { token, newPassword: 'third-violet-kettle-11' });
  if (answer.status !== 200) throw new Error(`the password was not changed: ${answer.text}`);
}

async function signOutFromBrowser(harness: Harness, path: 'revoke-all' | 'revoke-others'): Promise<void> {
  const { caller } = await harness.signIn(robin);
  await harness.call('POST', `/auth/sessions/${path}`, undefined, { caller });
}

/** Puts methods in place of those of an object, and returns what puts the old ones back. */
export function replaceMethods(target: object, methods: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(methods).map((name) => [name, Reflect.get(target, name)] as const);
  Object.assign(target, methods);
  return () => void Object.assign(target, Object.fromEntries(before));
}

/** The call of a database that does not answer. */
export function failToConnect(): Promise<never> {
  return Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
}

/** What asks the authenticator of access tokens as the gateway does. */
export function bearerOf({ identity }: Pick<Harness, 'identity'>): Authenticator {
  const bearer = identity.authenticators.find(({ kind }) => kind === 'bearer' || kind === 'opaque');
  if (bearer === undefined) throw new TypeError('no feature recognizes access tokens');
  return bearer;
}

/** Presents an access token to the gateway's side. */
export async function present(
  harness: Harness,
  accessToken: string,
): Promise<AuthenticationOutcome | 'not-recognized'> {
  const bearer = bearerOf(harness);
  const token = bearer.recognize({ header: 'authorization', value: `Bearer ${accessToken}` });
  return token === undefined ? 'not-recognized' : bearer.authenticate(token);
}
