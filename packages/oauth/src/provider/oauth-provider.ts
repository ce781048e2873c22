import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider, { type KoaContextWithOIDC } from 'oidc-provider';
import {
  SallyportError,
  serializeClearedSessionCookie,
  type RequestContext,
  type SecurityEventLog,
} from '@sallyport/core';
import type { IdentityKernel } from '@sallyport/identity';
import type { ClientRegistry } from '../clients/client-registry.ts';
import { createPrivateHostFetch } from '../outbound/private-host-fetch.ts';
import type { Artifacts } from './artifacts.ts';
import { answerFailure } from './answer-failure.ts';
import { toClientMetadata } from './client-metadata.ts';
import { createGivenAnswers } from './given-answers.ts';
import type { Grants } from './grants.ts';
import { createTurns } from './in-turn.ts';
import { followOurSessions, signedInOf } from './our-sessions.ts';
import { providerRoutes, toProviderConfiguration } from './provider-configuration.ts';
import { providerCookiesFor } from './provider-cookies.ts';
import type { ProviderEvent } from './provider-events.ts';
import { formTokens } from './provider-tokens.ts';
import type { ProviderView } from './provider-views.ts';
import { createTokenFinish } from './serve-token.ts';
import { asksForAnotherResponseMode, publishResponseModes } from './response-modes.ts';
import { readProviderKeys, type ProviderKeyRing, type ProviderKeys } from './signing-keys.ts';
import { createTokenRequest, type TokenRequest } from './token-request.ts';

/** Shows a page of the provider: the server has the pages. */
export type ShowView = (view: ProviderView, request: IncomingMessage) => Promise<Response>;

export interface OAuthProviderParts extends Pick<
  IdentityKernel,
  | 'transaction'
  | 'hasTransactions'
  | 'directory'
  | 'users'
  | 'revocation'
  | 'lifetime'
  | 'cookie'
  | 'pages'
  | 'publicUrl'
  | 'logger'
  | 'meter'
  | 'now'
> {
  readonly keyRing: ProviderKeyRing;
  readonly events: SecurityEventLog<ProviderEvent>;
  readonly artifacts: Artifacts;
  readonly grants: Grants;
  readonly registry: Pick<ClientRegistry, 'clients' | 'logout'>;
  readonly accessTokens: 'jwt' | 'opaque';
  readonly accessSeconds: number;
  readonly privateHosts: readonly string[];
}

/** One request to the provider, with what the gateway knows of it. */
export interface ProviderExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: RequestContext;
  readonly show: ShowView;
}

/** The provider on `node:http`. */
export interface OAuthProvider {
  /** Answers a request to one of its endpoints. Rejects with what the gateway answers in its place. */
  handle(exchange: ProviderExchange): Promise<void>;
  /** The library, with the keys that there are now. */
  current(): Provider;
}

interface Built {
  readonly version: string;
  readonly provider: Provider;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** What services ask as well, by keys of theirs. */
const sharedRoutes: readonly string[] = ['introspection', 'revocation'];
const documents: readonly string[] = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const endpoints: readonly string[] = [...Object.values(providerRoutes), ...documents];

/**
 * Builds the OAuth 2.1 and OpenID Connect provider: a certified library behind our sessions, our records and our keys. The
 * library is built anew when keys are rotated; it keeps nothing between two requests.
 */
export function createOAuthProvider(parts: OAuthProviderParts): OAuthProvider {
  const { publicUrl, keyRing, registry, artifacts, grants, lifetime, pages, cookie, logger, now } = parts;
  const { origin, protocol } = new URL(publicUrl);
  const exchanges = new WeakMap<IncomingMessage, ProviderExchange>();
  const tokenRequests = new WeakMap<IncomingMessage, TokenRequest>();
  const failures = new WeakMap<IncomingMessage, Error>();
  const answers = createGivenAnswers(artifacts, now);
  const takeTurn = createTurns();
  const finishToken = createTokenFinish({ ...parts, answers });
  const cookies = providerCookiesFor(publicUrl);
  const clearedCookie = serializeClearedSessionCookie(cookie);

  const exchangeOf = ({ req }: { readonly req: IncomingMessage }): ProviderExchange => {
    const exchange = exchanges.get(req);
    if (exchange === undefined) throw new TypeError('the provider was called without a request of the gateway');
    return exchange;
  };
  const show = async (ctx: KoaContextWithOIDC, view: ProviderView): Promise<void> => {
    const page = await exchangeOf(ctx).show(view, ctx.req);
    for (const [name, value] of page.headers) ctx.set(name, value);
    ctx.body = await page.text();
  };

  /** Ends our session where people have said that they want to leave. */
  const signOut = async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { context } = exchangeOf(ctx);
    const signedIn = signedInOf(context);
    if (signedIn === undefined) return;
    await parts.revocation.end({ sid: signedIn.sid, subject: signedIn.id, reason: 'signed-out' }, context);
    ctx.append('set-cookie', clearedCookie);
  };

  /** The form was ours, and where the client wants its user back is not. */
  const leadOn = async (ctx: KoaContextWithOIDC): Promise<void> => {
    const to = new URL(ctx.response.get('location'), origin);
    if (to.origin === origin) return;
    ctx.remove('location');
    ctx.status = 200;
    await show(ctx, { kind: 'continue', to: to.href, client: ctx.oidc.client?.clientName ?? to.host });
  };

  /** The browser is led nowhere: the answer would be asked for in a way that there is not. */
  const refuseMode = (ctx: KoaContextWithOIDC): Promise<void> => {
    ctx.status = 400;
    const description = 'response_mode must be query, or left out';
    return show(ctx, { kind: 'error', error: 'unsupported_response_mode', description, status: 400 });
  };

  const serveToken = async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    const request = createTokenRequest();
    tokenRequests.set(ctx.req, request);
    try {
      await next();
      throwFailure(ctx);
      const { requestId, clientAddress } = exchangeOf(ctx).context;
      await finishToken(request, ctx, { requestId, address: clientAddress });
    } finally {
      request.release();
    }
  };

  /** What the library failed at: it answers with an error of its own, which says less than ours. */
  const throwFailure = ({ req }: KoaContextWithOIDC): void => {
    const failure = failures.get(req);
    if (failure !== undefined) throw failure;
  };

  const serve = async (context: unknown, next: () => Promise<unknown>): Promise<void> => {
    const ctx = context as KoaContextWithOIDC; // `oidc` is there once a route was found.
    // What the library says of its own address follows from this one, and never from what a request says.
    ctx.request.originalUrl = origin + ctx.request.url;
    if (!documents.includes(ctx.path)) ctx.set('cache-control', 'no-store');
    try {
      if (ctx.path === providerRoutes.token && ctx.method === 'POST') return await serveToken(ctx, next);
      if (ctx.path === providerRoutes.authorization && asksForAnotherResponseMode(ctx)) return await refuseMode(ctx);
      await next();
      throwFailure(ctx);
      // Only where the library found a route there is `oidc`.
      if (!hasRoute(ctx))
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: methodsOf(ctx.path) });
      if (documents.includes(ctx.path)) publishResponseModes(ctx);
      const { route, params, session } = ctx.oidc;
      if (sharedRoutes.includes(route)) refuseUnknownClient(ctx);
      if (route === 'end_session_confirm' && ctx.status === 303) {
        if (params?.['logout'] !== undefined) await signOut(ctx);
        await leadOn(ctx);
      }
      // A visitor who is not signed in has nothing to confirm.
      if (route === 'end_session' && ctx.status === 200 && session?.accountId === undefined)
        leave(ctx, pages.signedOut);
    } catch (error) {
      await answerFailure(ctx, error, { origin, logger, show, context: exchangeOf(ctx).context });
    } finally {
      if (ctx.status >= 400) noteRefusal(ctx, exchangeOf(ctx).context);
      dropCookie(ctx.res, cookies.session);
    }
  };

  const build = (keys: ProviderKeys): Built => {
    const configuration = toProviderConfiguration(
      {
        ...parts,
        answers,
        takeTurn,
        cookies,
        publicOrigin: origin,
        signedOutPage: pages.signedOut,
        sessionSeconds: lifetime.absoluteSeconds,
        show,
        fetch: createPrivateHostFetch(parts.privateHosts),
        tokenRequest: () => (Provider.ctx === undefined ? undefined : tokenRequests.get(Provider.ctx.req)),
        announceGrantEnd: grants.announceEnd,
        async findClient(id) {
          const client = await registry.clients.find(id);
          return client === null || client.disabledAt !== undefined ? undefined : toClientMetadata(client);
        },
        beforeCode: (payload) => recordSignIn(parts, payload),
      },
      keys,
    );
    const provider = new Provider(origin, configuration);
    provider.proxy = true;
    provider.silent = true;
    provider.on('server_error', (ctx, error) => failures.set(ctx.req, error));
    followOurSessions(provider, (ctx) => exchangeOf(ctx).context);
    formTokens(provider);
    Object.assign(provider.Client.prototype, {
      includeSid: () => true,
      compareClientSecret(this: { clientId: string }, secret: string) {
        return registry.clients.verifySecret({ id: this.clientId }, secret);
      },
    });
    provider.use(serve);
    return { version: keys.version, provider, answer: provider.callback() };
  };

  let built: Built | undefined;
  const currentlyBuilt = (): Built => {
    const keys = readProviderKeys(keyRing);
    if (built?.version !== keys.version) built = build(keys);
    return built;
  };

  return {
    current: () => currentlyBuilt().provider,
    async handle(exchange) {
      const { request, response } = exchange;
      const path = request.url?.split('?', 1)[0] ?? '';
      if (!isEndpoint(path)) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      exchanges.set(request, exchange);
      // The gateway has judged what proxies say. Here it is what the configuration says.
      request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
      const shared = sharedHeadersOf(response);
      const { answer } = currentlyBuilt();
      restoreShared(response, shared);
      await answer(request, response);
    },
  };
}

/** Notes that the session signed in to the client, before the client has anything of it. */
async function recordSignIn(
  { registry, directory }: Pick<OAuthProviderParts, 'registry' | 'directory'>,
  {
    clientId,
    accountId,
    sessionUid,
    sid,
  }: {
    clientId?: string | undefined;
    accountId?: string | undefined;
    sessionUid?: string | undefined;
    sid?: string | undefined;
  },
): Promise<void> {
  if (clientId === undefined || accountId === undefined || sessionUid === undefined || sid === undefined) return;
  const [client, session] = await Promise.all([registry.clients.find(clientId), directory.bySid(sessionUid)]);
  if (client === null || session === null) throw new SallyportError('SP_CONFLICT', { reason: 'session-ended' });
  const expiresAt = session.absoluteExpiresAt;
  await registry.logout.recordSignIn(client, { sid: sessionUid, subject: accountId, clientSid: sid, expiresAt });
}

function isEndpoint(path: string): boolean {
  return (
    endpoints.includes(path) ||
    /^\/oauth2\/auth\/[\w-]{16,64}$/.test(path) ||
    path === `${providerRoutes.end_session}/confirm` ||
    path === `${providerRoutes.end_session}/success`
  );
}

/** Who names no client has not authenticated (RFC 6749, section 5.2), whatever else is wrong with the request. */
function refuseUnknownClient(ctx: KoaContextWithOIDC): void {
  if (ctx.status !== 400 || ctx.oidc.client !== undefined) return;
  ctx.status = 401;
  ctx.set('www-authenticate', 'Basic realm="sallyport", charset="UTF-8"');
  ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' };
}

function hasRoute(ctx: object): boolean {
  return 'oidc' in ctx;
}

function methodsOf(path: string): readonly string[] {
  if (path === providerRoutes.userinfo) return ['GET', 'POST'];
  const { token, introspection, revocation, end_session: end } = providerRoutes;
  const posted: readonly string[] = [token, introspection, revocation, `${end}/confirm`];
  return posted.includes(path) ? ['POST'] : ['GET'];
}

/** Leads a browser that was not signed in to where it asked to be led, which the library has checked. */
function leave(ctx: KoaContextWithOIDC, signedOutPage: string): void {
  const { post_logout_redirect_uri: uri, state } = ctx.oidc.params ?? {};
  const target = typeof uri === 'string' ? new URL(uri) : undefined;
  if (typeof state === 'string') target?.searchParams.set('state', state);
  ctx.body = null;
  ctx.status = 303;
  ctx.redirect(target?.href ?? signedOutPage);
}

function noteRefusal(ctx: KoaContextWithOIDC, { noteRefusal: note }: RequestContext): void {
  if (ctx.status >= 500 || typeof ctx.body !== 'object' || ctx.body === null) return;
  const { error } = ctx.body as { readonly error?: unknown };
  if (typeof error === 'string')
    note?.(ctx.status === 401 ? 'SP_UNAUTHENTICATED' : 'SP_REQUEST_INVALID', `oauth-${error}`);
}

/** Sessions of the library are found by ours: its own cookie would only be one more thing to lose. */
function dropCookie(response: ServerResponse, name: string): void {
  const cookies = [response.getHeader('set-cookie') ?? []].flat().map(String);
  const left = cookies.filter((cookie) => !cookie.startsWith(`${name}=`) && !cookie.startsWith(`${name}.sig=`));
  if (left.length === cookies.length) return;
  if (left.length === 0) response.removeHeader('set-cookie');
  else response.setHeader('set-cookie', left);
}

/** What the gateway allows scripts of other sites. */
function sharedHeadersOf(response: ServerResponse): ReadonlyMap<string, string | number | readonly string[]> {
  const names = response.getHeaderNames().filter((name) => name.startsWith('access-control-'));
  return new Map(names.map((name) => [name, response.getHeader(name) ?? '']));
}

/** Whatever the library would allow scripts of other sites: it is what the gateway allows, and nothing else. */
function restoreShared(response: ServerResponse, shared: ReturnType<typeof sharedHeadersOf>): void {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => {
    const isShared = name.toLowerCase().startsWith('access-control-') && !shared.has(name.toLowerCase());
    return isShared ? response : setHeader(name, value);
  };
}
