import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import {
  createRingKeySource,
  internalIssuerPath,
  resolvePages,
  SallyportError,
  type IdentityTokens,
  type IdentityUser,
  type InProcessIdentity,
  type RequestContext,
} from '@sallyport/core';
import type { AuditContext, User } from '@sallyport/identity';
import { startGateway } from '../compose.ts';
import { readEnvironment } from '../config/environment.ts';
import { createAskIdentity, type IdentityAnswer } from './ask-identity.ts';
import { applicationAudience, toInProcessConfig, type InProcessIdentityOptions } from './in-process-options.ts';

/** A request that came through `handle`, and its answer. */
interface Exchange {
  readonly context: RequestContext;
  readonly headers: IncomingHttpHeaders;
  readonly response: ServerResponse;
}

/**
 * Opens identity in the process of an application: the stages, stores and features of a gateway, and no listener. The
 * server of the application hands every request to `handle` before anything else.
 *
 * A WebSocket handshake does not pass here. A handler that takes one finds no token, and refuses it.
 *
 * @throws OptionsError, ConfigurationError as the start of a gateway does.
 * @example
 * const identity = await openInProcessIdentity({ publicUrl: 'http://localhost:3000', policy, logger });
 * createServer((request, response) => identity.handle(request, response, () => app(request, response)));
 */
export async function openInProcessIdentity({
  environment: variables = {},
  logger,
  mailer,
  ...options
}: InProcessIdentityOptions): Promise<InProcessIdentity> {
  const environment = readEnvironment(variables);
  const config = toInProcessConfig(options, environment);
  const gateway = await startGateway({
    config,
    environment,
    logger,
    isInProcess: true,
    ...(mailer === undefined ? {} : { mailer }),
  });
  const { accounts, requireAcceptablePassword, app } = gateway.identity;
  const origin = new URL(config.publicUrl).origin;
  const pages = resolvePages(config.pages);
  const exchanges = new WeakMap<object, Exchange>();
  const ask = createAskIdentity(app, origin);

  const exchangeOf = (request: object): Exchange => {
    const exchange = exchanges.get(rawRequest(request));
    if (exchange === undefined) throw new SallyportError('SP_INTERNAL', { reason: 'request-not-handled' });
    return exchange;
  };
  const post = (request: object, path: string, body?: object): Promise<IdentityAnswer> => {
    const { context, headers } = exchangeOf(request);
    return ask({ path, body, headers: agentOf(headers) }, context);
  };
  const auditOf = (request: object | undefined): AuditContext =>
    toAuditContext(request === undefined ? undefined : exchangeOf(request).context);

  return {
    issuer: origin + internalIssuerPath,
    audience: applicationAudience,
    keys: createRingKeySource(gateway.keyRing, 'internal'),
    handle(request, response, next) {
      // What a server of `node:http` calls its handlers with.
      const [message, answer] = [request as IncomingMessage, response as ServerResponse];
      gateway.handle(message, answer, (context) => {
        exchanges.set(message, { context, headers: message.headers, response: answer });
        next();
      });
    },
    async signUp(request, person) {
      const { name, email, password } = person;
      const answer = await post(request, '/auth/sign-up/email', { name, email, password });
      appendCookies(exchangeOf(request).response, answer);
    },
    async signIn(request, { email, password, device }) {
      const body = { email, password, ...(device === undefined ? {} : { device }) };
      return toTokens(await post(request, '/auth/token', body));
    },
    async completeSignIn(request, { mfaToken, code, method = 'totp' }) {
      const body = { mfa_token: mfaToken, code, method };
      return toTokens(await post(request, '/auth/token/second-factor', body));
    },
    async refresh(request, refreshToken) {
      return toTokens(await post(request, '/auth/token/refresh', { refresh_token: refreshToken }));
    },
    async signOut(request, refreshToken) {
      await post(request, '/auth/token/revoke', { refresh_token: refreshToken });
    },
    async startSession(request, { email, password }) {
      const answer = await post(request, '/auth/sign-in/email', { email, password });
      appendCookies(exchangeOf(request).response, answer);
      const { status, user } = answer.body;
      if (status !== 'signed-in') {
        const isSetUp = status === 'second-factor-set-up-required';
        return { kind: 'second-factor-required', location: isSetUp ? pages.secondFactorSetUp : pages.secondFactor };
      }
      return { kind: 'signed-in', user: user as IdentityUser }; // As `SignedInAnswer` has it.
    },
    async endSession(request) {
      appendCookies(exchangeOf(request).response, await post(request, '/auth/sign-out'));
    },
    async createUser({ name, email, password, roles, emailVerified }, request) {
      if (password !== undefined) requireAcceptablePassword('password', password, { name, email });
      const user = { name, email, password, roles: [...new Set(roles)], emailVerified };
      return toIdentityUser(await accounts.createUser(user, auditOf(request)));
    },
    findUserById: async (id) => toUserOrNone(await accounts.findById(id)),
    findUserByEmail: async (email) => toUserOrNone(await accounts.findByEmail(email)),
    listUsers: async (limit, afterId) => (await accounts.list(limit, afterId)).map(toIdentityUser),
    setRoles: async (userId, roles, request) =>
      toIdentityUser(await accounts.setRoles(userId, roles, auditOf(request))),
    async setBanned(userId, isBanned, request) {
      await accounts.setBanned(userId, isBanned, auditOf(request));
    },
    close: () => gateway.close(),
  };
}

/** The `IncomingMessage` of a request: Fastify wraps it, Express extends it. */
function rawRequest(request: object): object {
  return 'raw' in request && typeof request.raw === 'object' && request.raw !== null ? request.raw : request;
}

/** By which a person recognizes the device in the list of their sessions, and the cookies of the device. */
function agentOf(headers: IncomingHttpHeaders): Headers {
  const agent = new Headers();
  for (const name of ['user-agent', 'cookie'] as const) {
    const value = headers[name];
    if (value !== undefined) agent.set(name, value);
  }
  return agent;
}

function appendCookies(response: ServerResponse, { cookies }: IdentityAnswer): void {
  for (const cookie of cookies) response.appendHeader('set-cookie', cookie);
}

/** Who may do it was decided by the application, as an operator decides at the command line. */
function toAuditContext(context: RequestContext | undefined): AuditContext {
  if (context === undefined) return { actor: 'operator:application', requestId: 'application', address: 'local' };
  const { caller, requestId, clientAddress } = context;
  const by = caller.kind === 'anonymous' ? 'application' : caller.id;
  return { actor: `operator:${by}`, requestId, address: clientAddress };
}

function toTokens({ body }: IdentityAnswer): IdentityTokens {
  return {
    accessToken: String(body['access_token']),
    refreshToken: String(body['refresh_token']),
    expiresInSeconds: Number(body['expires_in']),
  };
}

function toUserOrNone(user: User | null): IdentityUser | null {
  return user === null ? null : toIdentityUser(user);
}

function toIdentityUser({ id, name, email, emailVerified, roles, isBanned }: User): IdentityUser {
  return { id, name, email, emailVerified, roles, isBanned };
}
