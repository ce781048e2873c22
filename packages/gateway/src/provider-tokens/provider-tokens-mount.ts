import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  internalProviderTokensPath,
  SallyportError,
  type Principal,
  type ProviderTokenAnswer,
  type RequestContext,
  type Route,
} from '@sallyport/core';
import type { Mount } from '../routing/mount.ts';

/** Hands the token of an identity provider out for a user; to which audience, is decided before. */
export type HandOutProviderToken = (
  handOut: { readonly userId: string; readonly provider: string; readonly audience: string },
  where: { readonly requestId: string; readonly address: string },
) => Promise<ProviderTokenAnswer>;

/** Where services get tokens of identity providers. */
export const providerTokensPlace = {
  name: 'provider-tokens',
  prefix: internalProviderTokensPath,
  access: 'public',
  slide: false,
} as const;

/** Of one user in one session. A service that asks for each piece of work needs some; one that asks in a loop is told. */
const requestLimits = [{ per: 'session', max: 600, seconds: 60 }] as const;

const providerForm = /^\/([a-z][a-z0-9-]{0,31})$/;

/**
 * Builds what hands tokens of identity providers out to services and zones, on the internal listener: for the user whose
 * internal token is presented, to audiences whose route lists the provider. The session behind the token is read from the
 * store each time: nothing leaves for a user who was banned, or signed out, a moment ago.
 *
 * @param handOut absent where there are no identity providers: then there is no such address.
 */
export function createProviderTokensMount(
  routes: readonly Pick<Route, 'audience' | 'providerTokens'>[],
  handOut: HandOutProviderToken | undefined,
): Mount {
  const permitted = providersByAudience(routes);
  const audiences = new Set(routes.map(({ audience }) => audience));
  if (handOut === undefined || permitted.size === 0) return createNoProviderTokensMount();
  return {
    ...providerTokensPlace,
    access: 'service',
    callers: [...permitted.keys()],
    fresh: true,
    requestLimits,
    async handle(request, response, context) {
      const provider = requireProvider(request);
      const caller = requireUser(context);
      const audience = requireAudience(caller, audiences);
      if (permitted.get(audience)?.has(provider) !== true)
        throw new SallyportError('SP_FORBIDDEN', { reason: 'provider-not-listed' });
      const { requestId, clientAddress: address } = context;
      answer(response, await handOut({ userId: caller.id, provider, audience }, { requestId, address }));
    },
  };
}

/** What the public listener has in this place: no route of the configuration may take it, and no zone. */
export function createNoProviderTokensMount(): Mount {
  return {
    ...providerTokensPlace,
    handle() {
      throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
    },
  };
}

function providersByAudience(
  routes: readonly Pick<Route, 'audience' | 'providerTokens'>[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const permitted = new Map<string, Set<string>>();
  for (const { audience, providerTokens } of routes) {
    if (providerTokens === undefined) continue;
    const providers = permitted.get(audience) ?? new Set();
    permitted.set(audience, providers);
    for (const provider of providerTokens) providers.add(provider);
  }
  return permitted;
}

function requireProvider({ url = '', method }: IncomingMessage): string {
  const [, provider] = providerForm.exec(url.slice(internalProviderTokensPath.length)) ?? [];
  if (provider === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
  if (method !== 'GET')
    throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET'] });
  return provider;
}

function requireUser({ caller }: RequestContext): Principal {
  if (caller.kind === 'user') return caller;
  throw new SallyportError('SP_FORBIDDEN', { reason: 'not-for-a-user' });
}

/** The caller that presented the token. A person who acts for the user is no audience, and gets nothing of them elsewhere. */
function requireAudience({ actor }: Principal, audiences: ReadonlySet<string>): string {
  for (let link = actor; link !== undefined; link = link.actor)
    if (!audiences.has(link.id)) throw new SallyportError('SP_FORBIDDEN', { reason: 'acts-for-the-user' });
  if (actor === undefined) throw new SallyportError('SP_FORBIDDEN', { reason: 'caller-not-listed' });
  return actor.id;
}

function answer(response: ServerResponse, handedOut: ProviderTokenAnswer): void {
  const body = JSON.stringify(handedOut);
  response.writeHead(200, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
