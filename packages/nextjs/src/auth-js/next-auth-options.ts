import { SallyportError } from '@sallyport/core';
import type { TokenStorage } from './token-storage.ts';
import type { CheckedOptions } from './shell-options.ts';
import type { SessionCodec } from './session-codec.ts';
import type { ShellCookies } from './shell-cookies.ts';
import {
  createHandle,
  readSessionToken,
  toSessionToken,
  type ShellSession,
  type ShellTokens,
} from './shell-session.ts';

/** The id of our provider in next-auth: a part of its callback address, `/api/auth/callback/sallyport`. */
export const providerId = 'sallyport';

/** What the callbacks of one request leave for its answer: next-auth itself hides failures, and writes its own cookies alone. */
export interface Exchange {
  /** `Set-Cookie` values. */
  readonly setCookies: string[];
  /** What went wrong and is no fault of the user. */
  failure?: unknown;
  /** The session that was signed out, and the tokens that it had. */
  ended?: { readonly session: ShellSession; readonly tokens: ShellTokens | undefined };
}

export interface NextAuthParts {
  readonly options: CheckedOptions;
  readonly storage: TokenStorage;
  readonly codec: SessionCodec;
  readonly cookies: ShellCookies;
  readonly now?: () => number;
}

interface JwtParams {
  readonly token: object;
  readonly account?: Readonly<Record<string, unknown>> | null;
  readonly profile?: object;
}

/**
 * Builds next-auth's options for one request.
 *
 * The session cookie holds who is signed in and no token. What a client posts to `/api/auth/session` is never taken over.
 */
export function createNextAuthOptions(parts: NextAuthParts, exchange: Exchange, requestCookies: string | undefined) {
  const { options, storage, codec, cookies } = parts;
  const { secrets, sessionSeconds } = options;
  const [secret = ''] = secrets;
  const noting = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof SessionEndedError)) exchange.failure ??= error;
      throw error;
    }
  };

  return {
    secret,
    providers: [createProvider(options)],
    session: { strategy: 'jwt' as const, maxAge: sessionSeconds },
    jwt: { maxAge: sessionSeconds, encode: codec.encode, decode: codec.decode },
    pages: { signIn: '/auth/sign-in', error: '/auth/sign-in' },
    useSecureCookies: cookies.secure,
    cookies: {
      sessionToken: {
        name: cookies.session,
        options: { httpOnly: true, sameSite: 'lax' as const, path: '/', secure: cookies.secure },
      },
    },
    callbacks: {
      jwt: ({ token, account, profile }: JwtParams) =>
        noting(async () => {
          if (account !== undefined && account !== null) return beginSession(parts, exchange, account, profile);
          const session = readSessionToken(token);
          if (session === undefined || !(await storage.isLive(session))) throw new SessionEndedError();
          return toSessionToken(session);
        }),
      session: async ({
        session,
        token,
      }: {
        readonly session: { readonly expires: string };
        readonly token: object;
      }) => {
        const own = readSessionToken(token);
        if (own === undefined) throw new SessionEndedError();
        const { subject, name, email } = own;
        return { expires: session.expires, user: { id: subject, name: name ?? null, email: email ?? null } };
      },
    },
    events: {
      signOut: ({ token }: { readonly token?: object | null }) =>
        noting(async () => {
          const session = readSessionToken(token);
          if (session === undefined) return;
          exchange.ended = { session, tokens: await storage.end(session, requestCookies) };
        }),
    },
    logger: loggerOf(options),
  };
}

/** There is no session any more: next-auth takes its cookie away when a callback throws. */
class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError';
}

async function beginSession(
  { options, storage, now = Date.now }: NextAuthParts,
  exchange: Exchange,
  account: Readonly<Record<string, unknown>>,
  profile: object = {},
): Promise<Record<string, unknown>> {
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, expires_at: expiresAt } = account;
  const claims: Readonly<Record<string, unknown>> = { ...profile };
  const { sub, sid, name, email } = claims;
  if (account['provider'] !== providerId || typeof sub !== 'string' || sub === '') refuse('sign-in-without-subject');
  if (typeof accessToken !== 'string' || typeof idToken !== 'string') refuse('sign-in-without-tokens');
  const startedAt = now();
  const session: ShellSession = {
    handle: createHandle(),
    subject: sub,
    ...(typeof sid === 'string' ? { sid } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof email === 'string' ? { email } : {}),
    startedAt,
    endsAt: startedAt + options.sessionSeconds * 1000,
  };
  const tokens: ShellTokens = {
    accessToken,
    accessTokenEndsAt: typeof expiresAt === 'number' ? expiresAt * 1000 : startedAt,
    ...(typeof refreshToken === 'string' ? { refreshToken } : {}),
    idToken,
  };
  exchange.setCookies.push(...(await storage.begin(session, tokens)));
  return toSessionToken(session);
}

function refuse(reason: string): never {
  throw new SallyportError('SP_INTERNAL', { reason });
}

interface ExchangeRequest {
  readonly params: object;
  readonly checks: object;
  readonly client: {
    callback(
      redirectUri: string,
      params: object,
      checks: object,
      extras: { readonly exchangeBody: object },
    ): Promise<object>;
  };
  readonly provider: { readonly callbackUrl: string };
}

/**
 * Our provider, as next-auth takes one: PKCE, state and nonce; the ID token checked for its issuer, audience, nonce and
 * signature by ES256. The access token is asked for the gateway (RFC 8707), in both steps: next-auth would leave `resource`
 * out of the second one.
 */
function createProvider({ issuer, clientId, clientSecret, scopes }: CheckedOptions) {
  return {
    id: providerId,
    name: 'Sallyport',
    type: 'oauth' as const,
    wellKnown: `${issuer}/.well-known/openid-configuration`,
    issuer,
    clientId,
    clientSecret,
    // openid-client 5 expects RS256 unless it is told.
    client: { id_token_signed_response_alg: 'ES256', token_endpoint_auth_method: 'client_secret_basic' },
    authorization: { params: { scope: scopes.join(' '), resource: issuer } },
    checks: ['pkce' as const, 'state' as const, 'nonce' as const],
    idToken: true,
    token: {
      async request({ params, checks, client, provider }: ExchangeRequest) {
        const extras = { exchangeBody: { resource: issuer } };
        return { tokens: await client.callback(provider.callbackUrl, params, checks, extras) };
      },
    },
    profile: ({ sub, name, email }: { readonly sub: string; readonly name?: string; readonly email?: string }) => ({
      id: sub,
      name: name ?? null,
      email: email ?? null,
    }),
  };
}

/** next-auth logs whole requests and tokens in its details: only its word for what happened goes to our log. */
function loggerOf({ logger }: CheckedOptions) {
  return {
    error(code: string, details: unknown) {
      if (details instanceof SessionEndedError) return;
      logger.error('next-auth could not do what it was asked', {
        event: 'shell-next-auth-error',
        code,
        reason: wordOf(details),
      });
    },
    warn(code: string) {
      logger.warn('next-auth has a warning', { event: 'shell-next-auth-warning', code });
    },
    debug: () => {},
  };
}

/** What happened, in the words of the library: short, and without anything that looks like a token. */
function wordOf(details: unknown): string | undefined {
  const error: unknown = details instanceof Error ? details : (details as { readonly error?: unknown } | null)?.error;
  if (error instanceof SallyportError) return error.reason ?? error.code;
  return error instanceof Error ? error.message.replaceAll(/[\w.~-]{32,}/g, '…').slice(0, 200) : undefined;
}
