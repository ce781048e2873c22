import { SallyportError } from '@sallyport/core';
import { repeatedFlightPath } from './flight-redirect.ts';
import { toForwardedHeaders, toReturnedHeaders } from './forwarded-headers.ts';
import { requireForwardedPath } from './forwarded-path.ts';
import { createGatewaySender, type GatewayAnswer, type SendToGateway } from './gateway-request.ts';
import { answerRefusedToken } from './refused-token.ts';
import { carriesSession, isRead, sourceOf } from './request-source.ts';
import type { ShellCookies } from './shell-cookies.ts';
import type { ShellSession } from './shell-session.ts';
import type { TokensOutcome } from './token-storage.ts';

/** The caller of a request, for the forwarder. */
export interface ForwardedCaller {
  readonly session: ShellSession;
  find(): Promise<TokensOutcome>;
}

export interface ForwarderOptions {
  readonly shellUrl: string;
  /** Public URL of the gateway. */
  readonly issuer: string;
  readonly gatewayUrl: string;
  readonly prefixes: readonly string[];
  /** Prefixes that are asked for without the token: nothing there differs by user. */
  readonly anonymousPrefixes: readonly string[];
  readonly cookies: ShellCookies;
  readonly findCaller: (cookies: string | undefined) => ForwardedCaller | undefined;
  readonly send?: SendToGateway;
  readonly now?: () => number;
}

/** How long the gateway may take until it begins to answer; a stream lasts as long as it likes. */
const answerMilliseconds = 60_000;

/**
 * Builds what forwards requests for zones and services to the gateway, with the access token of the user, which the gateway
 * exchanges for one made for the zone.
 *
 * The destination is the gateway and the path is below a configured prefix, whatever a request says. Bodies stream both
 * ways. No cookie goes either way. What another site makes a browser send is refused, as the session cookie would be the
 * authority for it (CSRF).
 *
 * @throws by the function that it returns: `SP_NOT_FOUND`, `SP_REQUEST_AMBIGUOUS`, `SP_CROSS_SITE_REQUEST`,
 *   `SP_UPSTREAM_UNAVAILABLE`, `SP_UPSTREAM_TIMEOUT`, `SP_STORE_UNAVAILABLE`
 */
export function createForwarder(options: ForwarderOptions): (request: Request) => Promise<Response> {
  const { shellUrl, issuer, gatewayUrl, prefixes, anonymousPrefixes, cookies, findCaller, now = Date.now } = options;
  const send = options.send ?? createGatewaySender();
  const allPrefixes = [...prefixes, ...anonymousPrefixes];

  const callerOf = (request: Request, pathname: string): ForwardedCaller | undefined => {
    if (anonymousPrefixes.some((prefix) => pathname.startsWith(`${prefix}/`))) return undefined;
    if (!carriesSession(request.method, request.headers, shellUrl)) return undefined;
    return findCaller(request.headers.get('cookie') ?? undefined);
  };

  return async (request) => {
    const { pathname, search } = new URL(request.url);
    requireForwardedPath(pathname, allPrefixes);
    const source = sourceOf(request.headers, shellUrl);
    const caller = callerOf(request, pathname);
    if (!isRead(request.method) && source !== 'own-page' && (caller !== undefined || source === 'other-site'))
      throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: `source-${source}` });

    const outcome = await caller?.find();
    const tokens = outcome?.kind === 'found' ? outcome.tokens : undefined;
    const headers = toForwardedHeaders(request.headers);
    // The gateway knows the pages of its own origin; that this one is as good was found out here.
    if (headers.has('origin') && source === 'own-page') headers.set('origin', issuer);
    if (tokens !== undefined) headers.set('authorization', `Bearer ${tokens.accessToken}`);

    const ask = (path: string): Promise<GatewayAnswer> => exchange(send, `${gatewayUrl}${path}`, request, headers);
    const first = await ask(`${pathname}${search}`);
    const repeated = repeatedFlightPath(request, first);
    const answer = repeated === undefined ? first : await ask(repeated);
    if (caller !== undefined && tokens !== undefined) {
      const sessionAge = now() - caller.session.startedAt;
      const refused = answerRefusedToken(answer, { request, sessionAge, cookies });
      if (refused !== undefined) return refused;
    }
    requirePlainBody(answer);
    const returned = toReturnedHeaders(answer.headers);
    toOwnLocation(returned, [issuer, gatewayUrl]);
    if (outcome?.kind === 'found') for (const cookie of outcome.setCookies) returned.append('set-cookie', cookie);
    if (tokens !== undefined) returned.append('vary', 'Cookie');
    const hasBody = request.method !== 'HEAD' && ![204, 205, 304].includes(answer.status);
    return new Response(hasBody ? (answer.body as BodyInit | null) : null, {
      status: answer.status,
      headers: returned,
    });
  };
}

async function exchange(send: SendToGateway, url: string, request: Request, headers: Headers): Promise<GatewayAnswer> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), answerMilliseconds);
  try {
    return await send({
      url,
      method: request.method,
      headers,
      body: isRead(request.method) ? null : request.body,
      signal: AbortSignal.any([request.signal, timeout.signal]),
    });
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    throw new SallyportError(timeout.signal.aborted ? 'SP_UPSTREAM_TIMEOUT' : 'SP_UPSTREAM_UNAVAILABLE', {
      cause,
      reason: 'gateway',
    });
  } finally {
    clearTimeout(timer);
  }
}

/** None was asked for, and a browser would not learn of it: see `toForwardedHeaders`. */
function requirePlainBody({ headers }: GatewayAnswer): void {
  const coding = headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity') throw new SallyportError('SP_UPSTREAM_UNAVAILABLE', { reason: 'coded-answer' });
}

/** An absolute address of the gateway would lead the browser away from the shell. */
function toOwnLocation(headers: Headers, origins: readonly string[]): void {
  const location = headers.get('location');
  if (location === null || !URL.canParse(location)) return;
  const { origin, pathname, search, hash } = new URL(location);
  if (origins.includes(origin)) headers.set('location', `${pathname}${search}${hash}`);
}
