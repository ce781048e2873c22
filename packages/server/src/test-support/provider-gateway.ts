import { createRemoteKeySource, createTokenVerifier } from '@sallyport/core';
import type { OAuthBrowser } from './oauth-browser.ts';
import { createOAuthPartners, type OAuthPartners, type RegisteredClient } from './oauth-partner.ts';
import { startPlainUpstream, type PlainUpstream } from './plain-upstream.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

/** A gateway with the provider, routes that take its tokens, a partner, and a vendor whose browser is signed in. */
export interface ProviderGateway {
  readonly test: TestGateway;
  readonly upstream: PlainUpstream;
  readonly partners: OAuthPartners;
  readonly partner: RegisteredClient;
  readonly browser: OAuthBrowser;
  /** Asks the token endpoint as a client, the partner unless another one is given. */
  readonly token: (body: Readonly<Record<string, string>>, client?: RegisteredClient) => Promise<Response>;
  /** Gives a token up as a client. */
  readonly revoke: (client: RegisteredClient, token: string) => Promise<Response>;
  /** Posts nothing to a route of identity, from a page of the gateway in a browser. */
  readonly post: (path: string, browser: OAuthBrowser, json?: object) => Promise<Response>;
  /** Verifies what the gateway sent to the upstream last. */
  readonly verifyGiven: () => ReturnType<ReturnType<typeof createTokenVerifier>['verify']>;
  readonly verify: ReturnType<typeof createTokenVerifier>['verify'];
  close(): Promise<void>;
}

/** Starts it. */
export async function startProviderGateway(): Promise<ProviderGateway> {
  const upstream = await startPlainUpstream();
  const to = { upstream: upstream.origin };
  const open = { ...to, access: 'signed-in' as const, credentials: ['session' as const, 'bearer' as const] };
  const test = await startTestGateway({
    config: {
      oauthProvider: { requests: [], authorizations: [] },
      firstPartyTokens: {},
      routes: [
        { ...open, name: 'api', prefix: '/api', audience: 'api', permissions: ['product:*'] },
        { ...open, name: 'vendors', prefix: '/vendors', audience: 'vendors', access: { roles: ['vendor'] } },
        { ...open, name: 'create', prefix: '/create', audience: 'create', access: { permissions: ['product:create'] } },
        { ...to, name: 'closed', prefix: '/closed', audience: 'closed', access: 'signed-in' },
        { ...to, name: 'shell', prefix: '/', audience: 'shell', access: 'optional' },
      ],
    },
  });
  const partners = createOAuthPartners(test);
  const partner = await partners.register();
  const asClient = (path: string, { id, secret }: RegisteredClient, body: Readonly<Record<string, string>>) =>
    fetch(test.origin + path, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams(body),
    });
  const { verify } = createTokenVerifier({
    issuer: `${test.origin}/internal`,
    audience: 'api',
    keys: createRemoteKeySource({
      url: `http://127.0.0.1:${test.gateway.internalPort}/internal/.well-known/jwks.json`,
    }),
  });
  return {
    test,
    upstream,
    partners,
    partner,
    browser: await partners.signedIn(),
    token: (body, client = partner) => asClient('/oauth2/token', client, body),
    revoke: (client, token) => asClient('/oauth2/revoke', client, { token }),
    post: (path, browser, json = {}) =>
      fetch(test.origin + path, {
        method: 'POST',
        headers: { origin: test.origin, cookie: browser.cookiesFor('/'), 'content-type': 'application/json' },
        body: JSON.stringify(json),
      }),
    verify,
    verifyGiven: () => verify(upstream.seen.at(-1)?.authorization?.slice('Bearer '.length) ?? ''),
    async close() {
      await test.close();
      upstream.close();
    },
  };
}

/** The header of an access token. */
export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** What a client asks for that goes on while its user is away. */
export function offline(resource: string): Readonly<Record<string, string>> {
  return { scope: 'openid offline_access product:read', prompt: 'consent', resource };
}

/** The word for which openid-client was refused. */
export function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: unknown) => (error as { readonly error?: unknown }).error,
  );
}

/** The status of an answer, and the word of its refusal. */
export async function errorOf(answer: Response): Promise<unknown> {
  return [answer.status, ((await answer.json()) as { readonly error: unknown }).error];
}
