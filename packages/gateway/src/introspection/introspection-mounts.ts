import {
  inactiveToken,
  introspectionPath,
  OptionsError,
  SallyportError,
  selectPermissions,
  toActiveAnswer,
  tokenPermission,
  tokenRevocationPath,
  type ActiveTokenRequest,
  type Authenticator,
  type Principal,
  type RequestContext,
  type TokenAction,
} from '@sallyport/core';
import type { IncomingMessage } from 'node:http';
import {
  createCredentialFinder,
  type CredentialFinderParts,
  type FindCredential,
} from '../credentials/credential-finder.ts';
import { stateForMount, type RequestState } from '../pipeline/request-state.ts';
import type { Mount } from '../routing/mount.ts';
import { answerAsOAuth } from './answer-as-oauth.ts';
import {
  authenticateClient,
  challengeFor,
  presentsApiKey,
  type ClientAuthenticationParts,
} from './authenticate-client.ts';
import type { IntrospectionOptions } from './introspection-options.ts';
import { maxFormBytes, readTokenForm } from './token-form.ts';

/** Where services ask about tokens. */
export const introspectionPlace = {
  name: 'introspection',
  prefix: introspectionPath,
  access: 'public',
  slide: false,
} as const;

/** Where services end tokens. */
export const tokenRevocationPlace = {
  name: 'token-revocation',
  prefix: tokenRevocationPath,
  access: 'public',
  slide: false,
} as const;

/** What may stand behind `Bearer` (RFC 6750, section 2.1): a token has one spelling, without blanks around it. */
const token68 = /^[A-Za-z0-9\-._~+/]+=*$/;

export interface IntrospectionMountsParts extends CredentialFinderParts {
  readonly options: IntrospectionOptions;
  readonly authenticators: readonly Authenticator[];
  readonly publicOrigin: string;
}

/** A service that asks, and what it is told. */
interface AskingService {
  readonly audience: string;
  readonly permissions: readonly string[];
  readonly includeProfile: boolean;
  readonly mayAskAboutKeys: boolean;
}

/** What finds the caller of one kind of credential, once it recognizes the text of one. */
interface TokenFinder {
  readonly find: FindCredential;
  readonly recognize: (token: string) => string | undefined;
}

/**
 * Builds what answers services about access tokens (RFC 7662) and ends them for services (RFC 7009). The services are those
 * without a gateway in front; each is known by the key of a service account.
 *
 * A token is looked up and remembered as one that is presented to a route is. Of a token that is unknown, expired or
 * revoked, of a refresh token and of any other text the answer is the same. API keys are other texts, but to services that
 * may ask about them.
 *
 * @throws OptionsError where no authenticator recognizes keys, or tokens.
 */
export function createIntrospectionMounts(parts: IntrospectionMountsParts): readonly Mount[] {
  const { options, publicOrigin } = parts;
  const clients = clientAuthenticationOf(parts);
  const tokens = tokenFindersOf(parts);
  const keys = keyFinderOf(clients);
  const serviceOf = createServiceOf(options);
  const answers = new WeakMap<Principal, Map<string, string>>();

  const requestOfService = async (
    request: IncomingMessage,
    path: string,
    action: TokenAction,
  ): Promise<{ readonly state: RequestState; readonly service: AskingService; readonly token: string }> => {
    const state = stateForMount(request);
    requireEndpoint(request, path);
    const service = serviceOf(await authenticateClient(state, clients), action);
    return { state, service, token: await readTokenForm(request) };
  };

  const answerOf = (
    principal: Principal,
    { expiresAt, confirmation }: Pick<ActiveTokenRequest, 'expiresAt' | 'confirmation'>,
    service: AskingService,
  ): string => {
    const { audience, permissions, includeProfile } = service;
    const written = answers.get(principal) ?? new Map<string, string>();
    answers.set(principal, written);
    // The object of a caller is frozen, and ends with what is remembered of the token.
    const known = written.get(audience);
    if (known !== undefined) return known;
    const answer = toActiveAnswer({
      principal,
      issuer: publicOrigin,
      audience,
      permissions: selectPermissions(principal.permissions, permissions),
      includeProfile,
      expiresAt,
      confirmation,
    });
    written.set(audience, answer);
    return answer;
  };

  const introspect = async (request: IncomingMessage): Promise<string> => {
    const { state, service, token } = await requestOfService(request, introspectionPath, 'introspect');
    if (!token68.test(token)) return inactiveToken;
    for (const { recognize, find } of service.mayAskAboutKeys ? [...tokens, keys] : tokens) {
      const credential = recognize(token);
      if (credential === undefined) continue;
      const found = find(state, credential, false);
      const outcome = found instanceof Promise ? await found : found;
      if (outcome.kind !== 'authenticated' || outcome.notAfter === undefined) return inactiveToken;
      // What was made for a protected resource is none of a service's.
      if (outcome.credential?.caller.resource !== undefined) return inactiveToken;
      const { caller, credential: known, notAfter: expiresAt } = outcome;
      return answerOf(caller, { expiresAt, confirmation: known?.caller.confirmation }, service);
    }
    return inactiveToken;
  };

  const revoke = async (request: IncomingMessage, context: RequestContext): Promise<string> => {
    const { state, token } = await requestOfService(request, tokenRevocationPath, 'revoke');
    if (token68.test(token)) await options.revokeToken(token, { ...context, caller: state.caller });
    return '{}';
  };

  const mount = (
    place: typeof introspectionPlace | typeof tokenRevocationPlace,
    answer: (request: IncomingMessage, context: RequestContext) => Promise<string>,
  ): Mount => ({
    ...place,
    crossOrigin: 'tokens',
    // A client with a certificate asks about its tokens there.
    machines: true,
    requestLimits: options.requests,
    bodyBytes: maxFormBytes,
    handle: (request, response, context) => {
      if (options.answerOAuthClient !== undefined && !presentsApiKey(stateForMount(request))) {
        // Refusals too: what a token is must be asked each time.
        response.setHeader('cache-control', 'no-store');
        return options.answerOAuthClient(request, response, context);
      }
      return answerAsOAuth(response, {
        answer: () => answer(request, context),
        context,
        documentationOrigin: publicOrigin,
        challenge: () => challengeFor(stateForMount(request)),
      });
    },
  });
  return [mount(introspectionPlace, introspect), mount(tokenRevocationPlace, revoke)];
}

function requireEndpoint({ url, method }: IncomingMessage, path: string): void {
  // RFC 6749, section 3.1: what is secret stands in no query, which ends in logs.
  if (url !== path)
    throw url?.startsWith(`${path}?`) === true
      ? new SallyportError('SP_REQUEST_INVALID', { reason: 'query-not-accepted' })
      : new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
  if (method !== 'POST')
    throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['POST'] });
}

function clientAuthenticationOf(parts: IntrospectionMountsParts): ClientAuthenticationParts {
  const apiKeys = parts.authenticators.find(({ kind }) => kind === 'api-key');
  if (apiKeys === undefined) throw new OptionsError('introspection needs API keys, by which services are known');
  return { apiKeys, findApiKey: createCredentialFinder(apiKeys, parts) };
}

function tokenFindersOf(parts: IntrospectionMountsParts): readonly TokenFinder[] {
  const found = parts.authenticators
    .filter(({ kind }) => kind === 'bearer' || kind === 'opaque')
    .map((authenticator) => ({
      find: createCredentialFinder(authenticator, parts),
      recognize: (token: string) => authenticator.recognize({ header: 'authorization', value: `Bearer ${token}` }),
    }));
  if (found.length === 0) throw new OptionsError('introspection needs access tokens, about which services could ask');
  return found;
}

function keyFinderOf({ apiKeys, findApiKey }: ClientAuthenticationParts): TokenFinder {
  return { find: findApiKey, recognize: (token) => apiKeys.recognize({ header: 'x-api-key', value: token }) };
}

/** Says as which service a key speaks. A key that could speak as several speaks as none: what one is told is not the other's. */
function createServiceOf({
  services,
}: IntrospectionOptions): (client: Principal, action: TokenAction) => AskingService {
  const all = Object.entries(services).map(([audience, { permissions, profile, apiKeys }]) => ({
    service: { audience, permissions, includeProfile: profile, mayAskAboutKeys: apiKeys },
    permissionOf: { introspect: tokenPermission(audience, 'introspect'), revoke: tokenPermission(audience, 'revoke') },
  }));
  return (client, action) => {
    const permitted = all.filter(({ permissionOf }) => client.permissions.includes(permissionOf[action]));
    const [only] = permitted;
    if (only === undefined) throw new SallyportError('SP_FORBIDDEN', { reason: 'permission-missing' });
    if (permitted.length > 1) throw new SallyportError('SP_FORBIDDEN', { reason: 'key-of-several-services' });
    return only.service;
  };
}
