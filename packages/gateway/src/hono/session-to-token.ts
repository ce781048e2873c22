import {
  OptionsError,
  anonymous,
  SallyportError,
  sessionCookieFor,
  silentLogger,
  toProblem,
  type Caller,
  type InvalidationBus,
  type KeyRing,
  type Logger,
  type SessionDirectory,
} from '@sallyport/core';
import type { Context, MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { createActivityRecorder, type RecordActivity } from '../sessions/activity.ts';
import { readHeaders, type InboundHeaders } from '../firewall/inbound-headers.ts';
import { findSource } from '../pipeline/request-source.ts';
import { randomHex } from '../random-hex.ts';
import { createSessionCache, type CachedSession, type SessionCache } from '../sessions/session-cache.ts';
import { createCookieReader, type ReadCookies } from '../credentials/session-cookie-reader.ts';
import { tokenLifetimeSchema } from '../credentials/token-lifetime.ts';
import { createTokenMint } from '../credentials/token-mint.ts';
import { toTokenShape } from '../routing/token-shape.ts';

export interface SessionToTokenOptions {
  /** Origin that browsers see. */
  readonly publicUrl: string;
  readonly sessions: SessionDirectory;
  readonly keyRing: KeyRing;
  readonly bus: InvalidationBus;
  /** The service behind the routes on which this middleware stands. */
  readonly audience: string;
  /** Permissions in which the audience declares an interest. @default [] */
  readonly permissions?: readonly string[];
  /** Whether the tokens carry name and email address. @default false */
  readonly profile?: boolean;
  /** Whether strangers are let through. @default 'signed-in' */
  readonly access?: 'signed-in' | 'optional';
  /** @default 60 */
  readonly tokenLifetimeSeconds?: number;
  readonly logger?: Logger;
  readonly now?: () => Date;
}

/** What the middleware leaves in `c.var.sallyport`. */
export interface TranslatedRequest {
  readonly caller: Caller;
  /** The value of the `Authorization` header for the upstream; `undefined` for strangers. */
  readonly authorization: string | undefined;
  /** Every header for the upstream: the caller's, less reserved names and our cookie, with the authorization. */
  readonly headers: Headers;
  readonly requestId: string;
}

/** What the middleware leaves for the handlers that follow it. */
export interface SessionToTokenVariables {
  readonly sallyport: TranslatedRequest;
}

interface Parts {
  readonly cache: SessionCache;
  readonly readCookies: (header: string) => ReadCookies;
  readonly recordActivity: RecordActivity;
  readonly publicOrigins: ReadonlySet<string>;
  readonly clock: () => number;
}

const rememberedSessions = 10_000;
const rememberedSeconds = 60;

/**
 * Builds the middleware for teams that run their own Hono proxy: the session cookie becomes a token for one audience,
 * by the same caches as at the gateway, so that a session costs one look-up and one signature and not one per request.
 *
 * Cross-site requests are refused as at the gateway. What the gateway does before and after (firewall, routes, answers) is
 * left to the app. Each call has a cache of its own and listens to the bus for as long as the process lives: build one
 * per audience, at the start.
 *
 * Answers itself with a problem: `SP_UNAUTHENTICATED`, `SP_CREDENTIALS_CONFLICT`, `SP_TOKEN_INVALID`,
 * `SP_CROSS_SITE_REQUEST`, `SP_STORE_UNAVAILABLE`.
 *
 * @example
 * app.use('/api/shop/*', sessionToToken({ publicUrl, sessions, keyRing, bus, audience: 'shop' }));
 * app.all('/api/shop/*', (c) => proxy(upstream + c.req.path, { method: c.req.method, headers: c.var.sallyport.headers }));
 *
 * @throws OptionsError when the public URL is plain http and not loopback, or the life of tokens is not 30 to 300 seconds.
 */
export function sessionToToken(
  options: SessionToTokenOptions,
): MiddlewareHandler<{ Variables: SessionToTokenVariables }> {
  const { sessions, bus, keyRing, audience, access = 'signed-in', tokenLifetimeSeconds = 60, now } = options;
  if (!tokenLifetimeSchema.safeParse(tokenLifetimeSeconds).success)
    throw new OptionsError('tokenLifetimeSeconds must be 30 to 300');
  const publicOrigin = new URL(options.publicUrl).origin;
  const clock = now === undefined ? Date.now : () => now().getTime();
  const shape = toTokenShape({
    audience,
    permissions: [...(options.permissions ?? [])],
    profile: options.profile ?? false,
  });
  const mint = createTokenMint({
    keyRing,
    publicOrigin,
    clock,
    lifetimeSeconds: tokenLifetimeSeconds,
    maxEntries: rememberedSessions,
  });
  const parts: Parts = {
    cache: createSessionCache({
      sessions,
      bus,
      clock,
      maxEntries: rememberedSessions,
      maxAgeSeconds: rememberedSeconds,
    }),
    readCookies: createCookieReader(sessionCookieFor(options.publicUrl).name),
    recordActivity: createActivityRecorder(sessions, options.logger ?? silentLogger),
    publicOrigins: new Set([publicOrigin]),
    clock,
  };

  return createMiddleware<{ Variables: SessionToTokenVariables }>(async function sessionToToken(c, next) {
    const requestId = randomHex(32);
    try {
      const inbound = readHeaders([...c.req.raw.headers].flat());
      const session = await findSession(inbound, parts);
      requireOwnPage(c, inbound, session, parts);
      if (session === undefined && access === 'signed-in')
        throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
      const caller = session?.principal ?? anonymous;
      const authorization = session === undefined ? undefined : mint.mint(session.principal, shape).token.authorization;
      const headers = toUpstreamHeaders(inbound, parts, authorization, requestId);
      c.set('sallyport', { caller, authorization, headers, requestId });
    } catch (error) {
      const problem = toProblem(error, { requestId, documentationOrigin: publicOrigin });
      return new Response(JSON.stringify(problem.body), { status: problem.status, headers: problem.headers });
    }
    await next();
    // As at the gateway: what was made for one person is kept by no cache.
    if (c.var.sallyport.authorization !== undefined) c.header('Cache-Control', 'private, no-store');
    c.header('Vary', 'Cookie', { append: true });
    return undefined;
  });
}

async function findSession(inbound: InboundHeaders, parts: Parts): Promise<CachedSession | undefined> {
  const presented = inbound.cookie === undefined ? undefined : parts.readCookies(inbound.cookie).session;
  if (presented === undefined || presented.kind === 'none') {
    if (inbound.authorization !== undefined)
      throw new SallyportError('SP_TOKEN_INVALID', { reason: 'bearer-on-public-listener' });
    return undefined;
  }
  if (inbound.authorization !== undefined)
    throw new SallyportError('SP_CREDENTIALS_CONFLICT', { reason: 'cookie-and-authorization' });
  if (presented.kind === 'unusable') return undefined;
  const { session } = await parts.cache.findByToken(presented.token);
  if (session === null) return undefined;
  if (!inbound.isPrefetch) parts.recordActivity(session, parts.clock());
  return session;
}

function requireOwnPage(
  c: Context,
  inbound: InboundHeaders,
  session: CachedSession | undefined,
  { publicOrigins }: Parts,
): void {
  const isSafe = ['GET', 'HEAD', 'OPTIONS'].includes(c.req.method) && !inbound.isWebSocket;
  if (isSafe) return;
  const source = findSource(inbound, publicOrigins);
  if (source === 'own-page' || (source === 'unknown' && session === undefined)) return;
  throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: `source-${source}` });
}

function toUpstreamHeaders(
  inbound: InboundHeaders,
  parts: Parts,
  authorization: string | undefined,
  requestId: string,
): Headers {
  const headers = new Headers();
  for (let index = 0; index < inbound.endToEnd.length; index += 2) {
    headers.append(inbound.endToEnd[index] ?? '', inbound.endToEnd[index + 1] ?? '');
  }
  const others = inbound.cookie === undefined ? undefined : parts.readCookies(inbound.cookie).others;
  if (others !== undefined) headers.set('cookie', others);
  if (authorization !== undefined) headers.set('authorization', authorization);
  headers.set('x-request-id', requestId);
  return headers;
}
