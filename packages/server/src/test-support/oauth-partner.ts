import * as client from 'openid-client';
import { createOAuthBrowser, type OAuthBrowser, type ShownPage } from './oauth-browser.ts';
import type { TestGateway } from './test-gateway.ts';

/** Where clients of tests have browsers sent back to: nothing listens there, and nothing is sent. */
export const redirectUri = 'http://127.0.0.1:4999/callback';

/** An OAuth client that was registered. */
export interface RegisteredClient {
  readonly id: string;
  readonly secret: string;
}

/** An authorization that was begun. */
export interface AuthorizationFlow {
  readonly url: URL;
  readonly checks: client.AuthorizationCodeGrantChecks;
}

/** A code that was redeemed. */
export interface Authorized {
  readonly configuration: client.Configuration;
  /** Where the browser was sent back to, with the code. */
  readonly back: URL;
  readonly checks: client.AuthorizationCodeGrantChecks;
  readonly tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>>;
}

/** Partners of a gateway that use openid-client. */
export interface OAuthPartners {
  register(change?: object): Promise<RegisteredClient>;
  discover(registered: RegisteredClient, authentication?: client.ClientAuth): Promise<client.Configuration>;
  begin(configuration: client.Configuration, parameters?: Record<string, string>): Promise<AuthorizationFlow>;
  /** A browser that is signed in. */
  signedIn(role?: string): Promise<OAuthBrowser>;
  /** Begins, allows everything that is asked, and redeems the code. */
  authorize(
    registered: RegisteredClient,
    browser: OAuthBrowser,
    parameters?: Record<string, string>,
  ): Promise<Authorized>;
  operate(name: string, input: object): Promise<unknown>;
}

const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' };

/** Builds them for a gateway. */
export function createOAuthPartners(test: TestGateway): OAuthPartners {
  let made = 0;
  const operate = (name: string, input: object): Promise<unknown> =>
    test.gateway.control.operate(name, input, operator);
  const partners: OAuthPartners = {
    operate,
    async register(change = {}) {
      made += 1;
      const registration = {
        name: `Partner ${made}`,
        authentication: 'client_secret_basic',
        grantTypes: ['authorization_code', 'refresh_token'],
        redirectUris: [redirectUri],
        scopes: ['openid', 'profile', 'email', 'offline_access', 'product:read', 'product:create'],
        resources: [test.origin],
        ...change,
      };
      const answer = (await operate('oauth-clients/create', registration)) as {
        readonly client: { readonly id: string };
        readonly secret?: string;
      };
      return { id: answer.client.id, secret: answer.secret ?? '' };
    },
    discover: ({ id, secret }, authentication) =>
      client.discovery(
        new URL(test.origin),
        id,
        secret === '' ? undefined : secret,
        authentication ?? (secret === '' ? client.None() : client.ClientSecretBasic(secret)),
        // oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
        { execute: [client.allowInsecureRequests] },
      ),
    async begin(configuration, parameters = {}) {
      const pkceCodeVerifier = client.randomPKCECodeVerifier();
      const expectedState = client.randomState();
      const expectedNonce = client.randomNonce();
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: expectedState,
        nonce: expectedNonce,
        ...parameters,
      });
      return { url, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
    },
    async signedIn(role = 'vendor') {
      const browser = createOAuthBrowser(test.origin);
      browser.setCookie(await test.signIn(role));
      return browser;
    },
    async authorize(registered, browser, parameters = {}) {
      const configuration = await partners.discover(registered);
      const { url, checks } = await partners.begin(configuration, parameters);
      const asked = await browser.open(url.href);
      const back = requireUrl(asked instanceof URL ? asked : await browser.submit(asked, 'Allow'));
      const tokens = await client.authorizationCodeGrant(configuration, back, checks);
      return { configuration, back, checks, tokens };
    },
  };
  return partners;
}

/** The page that a browser shows. @throws Error where it was led elsewhere. */
export function requirePage(page: ShownPage | URL): ShownPage {
  if (page instanceof URL) throw new Error(`led to ${page.href}`);
  return page;
}

/** Where a browser was led. @throws Error where it shows a page. */
export function requireUrl(page: ShownPage | URL): URL {
  if (page instanceof URL) return page;
  throw new Error(`${page.status} ${page.url}: ${page.text}`);
}
