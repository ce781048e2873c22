import {
  anonymous,
  brandSchema,
  resolveBrand,
  type ConnectedAppsAnswer,
  type ConnectedProvidersAnswer,
  type Problem,
  type ProvidersAnswer,
  type ProviderSignInAnswer,
  type RequestContext,
} from '@sallyport/core';
import { createPages, type PagesOptions } from './create-pages.ts';
import type { Identity } from './identity/call-identity.ts';

export const origin = 'https://app.example.test';
export const brand = resolveBrand(brandSchema.parse({ name: 'Acme & Sons', links: { terms: '/terms' } }), origin);

/** The context of a request of no user. */
export const context: RequestContext = { requestId: 'request-1', clientAddress: '203.0.113.7', caller: anonymous };

/** The context of a request of a user. */
export const signedIn: RequestContext = {
  ...context,
  caller: {
    kind: 'user',
    id: 'user-1',
    sid: 'session-1',
    credential: 'session',
    roles: [],
    permissions: [],
    acr: 'pwd',
    amr: ['pwd'],
    authTime: new Date(),
    generation: { session: 1, user: 1, policy: 1 },
  },
};

/** Pages, and what they asked of identity. */
export interface AskedPages {
  readonly calls: readonly Request[];
  readonly ask: (path: string, init?: RequestInit) => Response | Promise<Response>;
}

/** What identity knows of providers in tests: by path, what it answers where it refuses nothing. */
export const providerAnswers = {
  '/auth/providers': { providers: [{ id: 'google', name: 'Google', kind: 'google' }] } satisfies ProvidersAnswer,
  '/auth/account/providers': { connected: [], available: [], hasPassword: true } satisfies ConnectedProvidersAnswer,
  '/auth/account/apps': { apps: [] } satisfies ConnectedAppsAnswer,
  'POST /auth/account/providers': {
    location: 'https://accounts.google.test/auth?a=1&b=2',
  } satisfies ProviderSignInAnswer,
  '/auth/sign-in/provider': { location: 'https://accounts.google.test/auth?a=1&b=2' } satisfies ProviderSignInAnswer,
  '/auth/step-up/provider': { location: 'https://accounts.google.test/auth?a=1&b=2' } satisfies ProviderSignInAnswer,
};

/** Pages on an identity that answers all calls alike, but for those about providers that it does not refuse. */
export function pagesOn(
  answer: () => Response,
  of: RequestContext = context,
  more: Partial<PagesOptions> & { readonly providers?: Readonly<Record<string, object>> } = {},
): AskedPages {
  const calls: Request[] = [];
  const { providers: known, ...options } = more;
  const providers: Readonly<Record<string, object>> = known ?? providerAnswers;
  const identity: Identity = (request) => {
    calls.push(request);
    const usual = answer();
    const { pathname } = new URL(request.url);
    const ofProviders = providers[`${request.method} ${pathname}`] ?? providers[pathname];
    return usual.ok && ofProviders !== undefined ? Response.json(ofProviders) : usual;
  };
  const pages = createPages({ publicUrl: origin, brand, identity, ...options });
  return {
    calls,
    ask: (path, init = {}) => pages.fetch(new Request(origin + path, init), of),
  };
}

/** An identity's answer that refuses. */
export const problem = (status: number, members: Partial<Problem>) => (): Response =>
  new Response(JSON.stringify({ type: '', title: '', status, hint: '', requestId: 'request-1', ...members }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });

/** A form as a browser sends it from a page of ours. */
export const form = (values: Readonly<Record<string, string>>): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', origin, cookie: 'a=1', 'user-agent': 'Test/1' },
  body: new URLSearchParams(values).toString(),
});
