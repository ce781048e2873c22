import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { SallyportError, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import type { IdentityKernel } from '@sallyport/identity';
import type { ClientRegistry } from '../clients/client-registry.ts';
import { tokenExchangeGrant } from '../clients/oauth-client.ts';
import { completeDeviceAnswer } from '../device-flow/device-answer.ts';
import type { DeviceFlowConfig } from '../device-flow/device-flow-config.ts';
import type { DevicePolls } from '../device-flow/device-polls.ts';
import type { DeviceRequests } from '../device-flow/device-requests.ts';
import type { DeviceSignIns } from '../device-flow/device-sign-ins.ts';
import { ClientDocumentError } from '../metadata-documents/metadata-clients.ts';
import { createPrivateHostFetch } from '../outbound/private-host-fetch.ts';
import type { Artifacts } from './artifacts.ts';
import { answerFailure } from './answer-failure.ts';
import { toClientMetadata } from './client-metadata.ts';
import type { Delegations } from './delegations.ts';
import { exchangeParameters, repeatableParameters } from './exchange-request.ts';
import { createGivenAnswers } from './given-answers.ts';
import type { Grants } from './grants.ts';
import { createTurns } from './in-turn.ts';
import { followOurSessions } from './our-sessions.ts';
import { providerRoutes, toProviderConfiguration } from './provider-configuration.ts';
import { publishCapabilities } from './provider-document.ts';
import { providerCookiesFor } from './provider-cookies.ts';
import { isForPeople, isProviderEndpoint, methodsOfEndpoint, providerDocuments } from './provider-endpoints.ts';
import type { ProviderEvent } from './provider-events.ts';
import { dropCookie, keepSharedHeaders } from './provider-headers.ts';
import { createProviderSignOut } from './provider-sign-out.ts';
import { formTokens } from './provider-tokens.ts';
import type { ProviderView } from './provider-views.ts';
import { createTokenFinish } from './serve-token.ts';
import { asksForAnotherResponseMode, responseModeProblem } from './response-modes.ts';
import { readProviderKeys, type ProviderKeyRing, type ProviderKeys } from './signing-keys.ts';
import type { StructuredTokens } from './structured-tokens.ts';
import { detectReplays } from './replay-detection.ts';
import type { SealedSignIns } from './sealed-sign-ins.ts';
import type { SubjectTokens } from './subject-tokens.ts';
import { createTokenExchange } from './token-exchange.ts';
import { createTokenQuestions } from './token-questions.ts';
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
  | 'machines'
  | 'protectedResources'
  | 'logger'
  | 'meter'
  | 'now'
> {
  readonly keyRing: ProviderKeyRing;
  readonly events: SecurityEventLog<ProviderEvent>;
  readonly artifacts: Artifacts;
  readonly grants: Grants;
  readonly delegations: Delegations;
  readonly subjects: SubjectTokens;
  readonly signIns: SealedSignIns;
  readonly registry: Pick<ClientRegistry, 'clients' | 'find' | 'resolve' | 'logout'>;
  readonly hasClientsByMetadata: boolean;
  readonly accessTokens: 'jwt' | 'opaque';
  readonly accessSeconds: number;
  readonly privateHosts: readonly string[];
  readonly structuredTokens: StructuredTokens;
  readonly deviceRequests: DeviceRequests;
  readonly devicePolls: DevicePolls;
  readonly deviceSignIns: DeviceSignIns;
  readonly devices: DeviceFlowConfig;
  /** Where proofs of possession need a nonce of this server. */
  readonly dpopNonceSecret: Buffer | undefined;
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

/**
 * Builds the OAuth 2.1 and OpenID Connect provider: a certified library behind our sessions, our records and our keys. The
 * library is built anew when keys are rotated; it keeps nothing between two requests.
 */
export function createOAuthProvider(parts: OAuthProviderParts): OAuthProvider {
  const { publicUrl, machines, keyRing, registry, artifacts, grants, lifetime, pages, logger, now } = parts;
  const { origin, protocol } = new URL(publicUrl);
  const machineOrigin = machines?.publicUrl === undefined ? origin : new URL(machines.publicUrl).origin;
  const exchanges = new WeakMap<IncomingMessage, ProviderExchange>();
  const tokenRequests = new WeakMap<IncomingMessage, TokenRequest>();
  const failures = new WeakMap<IncomingMessage, Error>();
  const answers = createGivenAnswers(artifacts, now);
  const takeTurn = createTurns();
  const finishToken = createTokenFinish({ ...parts, answers });
  const cookies = providerCookiesFor(publicUrl);
  const devicePage = new URL(pages.device, origin).href;

  const tokenRequest = (): TokenRequest | undefined =>
    Provider.ctx === undefined ? undefined : tokenRequests.get(Provider.ctx.req);
  const exchangeOf = ({ req }: { readonly req: IncomingMessage }): ProviderExchange => {
    const exchange = exchanges.get(req);
    if (exchange === undefined) throw new TypeError('the provider was called without a request of the gateway');
    return exchange;
  };
  /** The visitor on whose behalf the library looks for a client. */
  const addressOfVisitor = (): string =>
    Provider.ctx === undefined ? '' : exchangeOf(Provider.ctx).context.clientAddress;
  const certificateOf = (ctx: KoaContextWithOIDC) => exchangeOf(ctx).context.certificate;
  const show = async (ctx: KoaContextWithOIDC, view: ProviderView): Promise<void> => {
    const page = await exchangeOf(ctx).show(view, ctx.req);
    for (const [name, value] of page.headers) ctx.set(name, value);
    ctx.body = await page.text();
  };

  const contextOf = (ctx: { readonly req: IncomingMessage }): RequestContext => exchangeOf(ctx).context;
  const signOut = createProviderSignOut({ ...parts, origin, contextOf, show });
  const questions = createTokenQuestions({ ...parts, clients: registry.clients, contextOf });

  /** The browser is led nowhere: the answer would be asked for in a way that there is not. */
  const refuseMode = (ctx: KoaContextWithOIDC): Promise<void> => {
    ctx.status = 400;
    const description = responseModeProblem;
    return show(ctx, { kind: 'error', error: 'unsupported_response_mode', description, status: 400 });
  };

  const serveToken = async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    const request = createTokenRequest();
    tokenRequests.set(ctx.req, request);
    try {
      await next();
      throwFailure(ctx);
      await finishToken(request, ctx, exchangeOf(ctx).context);
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
    // What the library says of its own address follows from this one, and never from what a request says. A proof of
    // possession names the address that was called.
    const isDocument = providerDocuments.includes(ctx.path);
    const isOfMachine = !isDocument && exchangeOf(ctx).context.certificate !== undefined;
    ctx.request.originalUrl = (isOfMachine ? machineOrigin : origin) + ctx.request.url;
    if (!isDocument) ctx.set('cache-control', 'no-store');
    try {
      if (ctx.path === providerRoutes.token && ctx.method === 'POST') return await serveToken(ctx, next);
      if (ctx.path === providerRoutes.authorization && asksForAnotherResponseMode(ctx)) return await refuseMode(ctx);
      await next();
      throwFailure(ctx);
      // Only where the library found a route there is `oidc`.
      if (!hasRoute(ctx))
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', {
          reason: 'method-not-served',
          allow: methodsOfEndpoint(ctx.path),
        });
      if (providerDocuments.includes(ctx.path)) publishCapabilities(ctx, machines);
      if (sharedRoutes.includes(ctx.oidc.route)) await questions.finish(ctx);
      else await signOut.finish(ctx);
    } catch (error) {
      await answerFailure(ctx, error, { origin, logger, show, context: exchangeOf(ctx).context });
    } finally {
      if (ctx.status >= 400) noteRefusal(ctx, exchangeOf(ctx).context, tokenRequests.get(ctx.req)?.refusal);
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
        devicePage: pages.device,
        contextOf,
        addressOf: (ctx) => contextOf(ctx).clientAddress,
        sessionSeconds: lifetime.absoluteSeconds,
        show,
        certificateOf,
        fetch: createPrivateHostFetch(parts.privateHosts),
        tokenRequest,
        announceGrantEnd: (grantId) => grants.announceEnd(grantId, contextOf(requireCurrent())),
        async findClient(id) {
          const client = await registry.resolve(id, addressOfVisitor()).catch(explainDocument);
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
    detectReplays(provider, artifacts);
    provider.registerGrantType(
      tokenExchangeGrant,
      createTokenExchange({ ...parts, publicOrigin: origin, tokenRequest, contextOf }),
      exchangeParameters,
      repeatableParameters,
    );
    questions.watch(provider);
    provider.on('device_authorization.success', (_ctx, body) => completeDeviceAnswer(body, devicePage));
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
      if (!isProviderEndpoint(path)) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      exchanges.set(request, exchange);
      // The gateway has judged what proxies say. Here it is what the configuration says.
      request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
      // The library shows programs a page where they say that they would take one.
      if (!isForPeople(path)) request.headers.accept = 'application/json';
      keepSharedHeaders(response);
      const { answer } = currentlyBuilt();
      await answer(request, response);
    },
  };
}

/** A client whose document cannot be used is none, and its developer is told why. */
function explainDocument(error: unknown): never {
  if (error instanceof ClientDocumentError) throw new errors.InvalidClient(error.message, error.problem);
  throw error;
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
  const [client, session] = await Promise.all([registry.find(clientId), directory.bySid(sessionUid)]);
  if (client === null || session === null) throw new SallyportError('SP_CONFLICT', { reason: 'session-ended' });
  const expiresAt = session.absoluteExpiresAt;
  await registry.logout.recordSignIn(client, { sid: sessionUid, subject: accountId, clientSid: sid, expiresAt });
}

/** The request that the library answers. */
function requireCurrent(): { readonly req: IncomingMessage } {
  const { ctx } = Provider;
  if (ctx === undefined) throw new TypeError('the provider ends a grant outside of a request');
  return ctx;
}

function hasRoute(ctx: object): boolean {
  return 'oidc' in ctx;
}

function noteRefusal(ctx: KoaContextWithOIDC, { noteRefusal: note }: RequestContext, reason: string | undefined): void {
  if (ctx.status >= 500 || typeof ctx.body !== 'object' || ctx.body === null) return;
  const { error } = ctx.body as { readonly error?: unknown };
  if (typeof error === 'string')
    note?.(ctx.status === 401 ? 'SP_UNAUTHENTICATED' : 'SP_REQUEST_INVALID', toReason(reason ?? error));
}

/** A word of the log that says whose it is. */
function toReason(word: string): string {
  return word.startsWith('oauth-') ? word : `oauth-${word}`;
}
