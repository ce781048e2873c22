import { readOwnCookie, SallyportError } from '@sallyport/core';
import { cookies as cookiesOfRequest } from 'next/headers.js';
import { connection, NextRequest, type NextResponse } from 'next/server.js';
import { answerAccountRoute, signedOutReturnPath } from './account-routes.ts';
import type { NextAuthContext, NextAuthFunction } from './call-next-auth.ts';
import { createCookieStorage } from './cookie-storage.ts';
import { createForwarder } from './forwarder.ts';
import { createDatabaseRegister, createProcessRegister, type LogoutRegister } from './logout-register.ts';
import { createLogoutTokenVerifier } from './logout-token.ts';
import { createNextAuthOptions } from './next-auth-options.ts';
import { nextAuthAddress } from './next-auth-address.ts';
import { answerNextAuth } from './next-auth-routes.ts';
import { toProblemAnswer } from './problem-answer.ts';
import { createProviderMetadata } from './provider-metadata.ts';
import { createSealing, type Sealing } from './sealing.ts';
import { createSessionCodec } from './session-codec.ts';
import { replaceCookies, shellCookiesFor, type ShellCookies } from './shell-cookies.ts';
import { checkShellOptions, type CheckedOptions, type ShellOptions } from './shell-options.ts';
import { createSignOutFlow } from './sign-out-flow.ts';
import { startSignIn } from './start-sign-in.ts';
import { createTokenClient, type TokenClient } from './token-client.ts';
import type { TokenStorage } from './token-storage.ts';
import { createTokenVault } from './token-vault.ts';
import { createVaultStorage } from './vault-storage.ts';

/** Who is signed in at the shell. */
export type ShellAuth =
  | { readonly status: 'signed-out' }
  | {
      readonly status: 'signed-in';
      /** `sub` of the provider: the id of the user at the gateway. */
      readonly userId: string;
      readonly name?: string;
      readonly email?: string;
      readonly endsAt: Date;
    };

/**
 * A shell whose sessions are next-auth's and whose users are the gateway's. Every function runs on the server alone.
 *
 * All of them reject with SallyportConfigurationError while the options cannot be used; those that answer requests reject with
 * nothing else.
 */
export interface AuthJsShell {
  /** The handlers of `app/api/auth/[...nextauth]/route.ts`. */
  nextAuth(request: Request, context: NextAuthContext): Promise<Response>;
  /** The handlers of `app/auth/[...path]/route.ts`: sign-in, sign-out, what zones ask, back-channel logout. */
  account(request: Request): Promise<Response>;
  /** The handlers of the routes of zones and services: forwards to the gateway. */
  forward(request: Request): Promise<Response>;
  /**
   * Who is signed in, for server components, actions and route handlers. Writes nothing.
   *
   * @returns `signed-out` only when there is no session.
   * @throws SallyportConfigurationError; `SP_STORE_UNAVAILABLE`. Anything doubtful throws: it is never an object.
   */
  auth(): Promise<ShellAuth>;
  /**
   * The user's access token for the gateway, for code of this server alone: never hand it to a client component.
   *
   * @throws `SP_UNAUTHENTICATED` when no user is signed in; `SP_TOKEN_EXPIRED` when it ran out where no cookie can be written
   *   (cookie storage: have `renew` in `proxy.ts`); `SP_STORE_UNAVAILABLE`; `SP_SERVICE_UNAVAILABLE`.
   */
  getAccessToken(): Promise<string>;
  /**
   * Renews the token cookie before a page is rendered, which could not write it. Call it in `proxy.ts` around what answers
   * there; with the vault it only calls that.
   */
  renew(request: NextRequest, next: (request: NextRequest) => NextResponse): Promise<NextResponse>;
  /** Options for `getServerSession` of `next-auth`, where existing code calls it. */
  nextAuthOptions(): ReturnType<typeof createNextAuthOptions>;
}

/**
 * Puts a shell together.
 *
 * Nothing is read before the first request, because `next build` loads every module without an environment; then every
 * problem of the options is told at once, and every request is refused until it is mended.
 *
 * @param nextAuth `NextAuth` of `next-auth`.
 *
 * @example
 * export const shell = createAuthJsShell(NextAuth, () => ({
 *   shellUrl: 'https://app.example.com',
 *   issuer: 'https://id.example.com',
 *   clientId: 'shell',
 *   clientSecret: process.env.SHELL_CLIENT_SECRET ?? '',
 *   secrets: [process.env.NEXTAUTH_SECRET ?? ''],
 *   storage: { kind: 'vault', database: postgresDatabase(pool) },
 *   forward: ['/account', '/api/shop', '/_zones'],
 * }));
 */
export function createAuthJsShell(nextAuth: NextAuthFunction, load: () => ShellOptions): AuthJsShell {
  let made: ShellParts | undefined;
  const parts = (): ShellParts => (made ??= createParts(nextAuth, load()));
  const answer = async ({ signal }: Request, work: (parts: ShellParts) => Promise<Response>): Promise<Response> => {
    // What is not configured is not answered at all: Next.js says 500, and why in its own log.
    const shell = parts();
    try {
      return await work(shell);
    } catch (error) {
      // The browser has gone: no one reads an answer, and nothing is wrong.
      if (signal.aborted) return new Response(null, { status: 499 });
      return toProblemAnswer(error, shell.options.issuer, shell.logger);
    }
  };
  const cookieHeader = async (): Promise<string> => {
    // Clocks are read for one request alone: with Cache Components, cookies could be read ahead of it.
    await connection();
    const all = (await cookiesOfRequest()).getAll();
    return all.map(({ name, value }) => `${name}=${value}`).join('; ');
  };

  return {
    nextAuth: (request, context) =>
      answer(request, (shell) => answerNextAuth(request, context, { ...shell, nextAuth })),
    account: (request) => answer(request, (shell) => answerAccountRoute(request, shell)),
    forward: (request) => answer(request, (shell) => shell.forward(request)),
    async auth() {
      // First, and awaited outside any try: Next learns here that the page depends on the request.
      const header = await cookieHeader();
      const { sessionOf, storage } = parts();
      const session = sessionOf(header);
      if (session === undefined || !(await storage.isLive(session))) return { status: 'signed-out' };
      const { subject, name, email, endsAt } = session;
      return {
        status: 'signed-in',
        userId: subject,
        ...(name === undefined ? {} : { name }),
        ...(email === undefined ? {} : { email }),
        endsAt: new Date(endsAt),
      };
    },
    async getAccessToken() {
      const header = await cookieHeader();
      const { sessionOf, storage } = parts();
      const session = sessionOf(header);
      const outcome =
        session === undefined ? undefined : await storage.find(session, { cookies: header, canSetCookies: false });
      if (outcome?.kind === 'found') return outcome.tokens.accessToken;
      throw new SallyportError(outcome?.kind === 'stale' ? 'SP_TOKEN_EXPIRED' : 'SP_UNAUTHENTICATED', {
        reason: outcome?.kind === 'stale' ? 'no-cookie-can-be-written-here' : 'not-signed-in',
      });
    },
    async renew(request, next) {
      const setCookies = await renewedCookies(parts(), request);
      if (setCookies.length === 0) return next(request);
      const headers = new Headers(request.headers);
      headers.set('cookie', replaceCookies(request.headers.get('cookie') ?? undefined, setCookies));
      const response = next(new NextRequest(request, { headers }));
      for (const cookie of setCookies) response.headers.append('set-cookie', cookie);
      return response;
    },
    nextAuthOptions: () => createNextAuthOptions(parts(), { setCookies: [] }, undefined),
  };
}

type ShellParts = ReturnType<typeof createParts>;

/** What to set for a token that is nearly over. Where that fails, the page is rendered and finds out itself what it can do. */
async function renewedCookies(
  { options, sessionOf, storage, logger }: ShellParts,
  request: NextRequest,
): Promise<readonly string[]> {
  if (options.storage.kind === 'vault') return [];
  const cookies = request.headers.get('cookie') ?? undefined;
  const session = sessionOf(cookies);
  if (session === undefined) return [];
  try {
    const outcome = await storage.find(session, { cookies, canSetCookies: true });
    return outcome.kind === 'found' ? outcome.setCookies : [];
  } catch (error) {
    const code = error instanceof SallyportError ? error.code : undefined;
    logger.warn('A token was not renewed before its page', { event: 'shell-token-not-renewed', code });
    return [];
  }
}

function createParts(nextAuth: NextAuthFunction, given: ShellOptions) {
  const options = checkShellOptions(given, nextAuthAddress());
  const { issuer, shellUrl, gatewayUrl, clientId, clientSecret, secrets, failurePath, logger } = options;
  const cookies = shellCookiesFor(shellUrl);
  const sealing = createSealing(secrets);
  const codec = createSessionCodec(sealing);
  const findProvider = createProviderMetadata(issuer);
  const client = createTokenClient({
    findProvider,
    clientId,
    clientSecret,
    resource: issuer,
    logger,
  });
  const register = createRegister(options);
  const storage = createStorage(options, { cookies, sealing, register, client });
  const sessionOf = (header: string | undefined) => codec.read(readOwnCookie(header, cookies.session));
  const forward = createForwarder({
    shellUrl,
    issuer,
    gatewayUrl,
    prefixes: options.forward,
    anonymousPrefixes: ['/auth/assets'],
    cookies,
    findCaller: (header) => {
      const session = sessionOf(header);
      if (session === undefined) return undefined;
      return { session, find: () => storage.find(session, { cookies: header, canSetCookies: true }) };
    },
  });
  const parts = { options, storage, codec, cookies };
  return {
    ...parts,
    register,
    sessionOf,
    forward,
    logger,
    verify: createLogoutTokenVerifier({ issuer, clientId, findProvider }),
    signOutFlow: createSignOutFlow({
      cookies,
      sealing,
      findProvider,
      clientId,
      returnUrl: `${shellUrl}${signedOutReturnPath}`,
    }),
    startSignIn: (request: Request) =>
      startSignIn(request, {
        nextAuth,
        nextAuthOptions: createNextAuthOptions(parts, { setCookies: [] }, undefined),
        shellUrl,
        failurePath,
        findProvider,
      }),
  };
}

function createRegister({ issuer, clientId, sessionSeconds, storage }: CheckedOptions): LogoutRegister {
  const about = { client: clientKey(issuer, clientId), sessionSeconds };
  if (storage.kind === 'vault') return createDatabaseRegister(storage.database, about);
  const { endedSessions } = storage;
  return endedSessions === 'this-process' ? createProcessRegister(about) : createDatabaseRegister(endedSessions, about);
}

interface StorageParts {
  readonly cookies: ShellCookies;
  readonly sealing: Sealing;
  readonly register: LogoutRegister;
  readonly client: TokenClient;
}

function createStorage({ issuer, clientId, storage }: CheckedOptions, parts: StorageParts): TokenStorage {
  if (storage.kind === 'cookie') return createCookieStorage(parts);
  const { database } = storage;
  const vault = createTokenVault({ database, sealing: parts.sealing, client: clientKey(issuer, clientId) });
  return createVaultStorage({ ...parts, vault });
}

function clientKey(issuer: string, clientId: string): string {
  return JSON.stringify([issuer, clientId]);
}
