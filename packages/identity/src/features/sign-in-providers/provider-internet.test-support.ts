import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { afterEach, beforeAll } from 'vitest';
import { startHarness, type Answer, type Harness, type HarnessOptions } from '../../identity.test-support.ts';
import { openBrowser, type ProviderBrowser } from './provider.test-support.ts';

export type ProviderSection = NonNullable<NonNullable<HarnessOptions['features']>['signInProviders']>;

/** The part of the internet that a provider is: what it answers, by address. */
export type Internet = Readonly<
  Record<string, (request: { readonly body: URLSearchParams; readonly headers: Headers }) => unknown>
>;

/** A request that a provider was sent. */
export interface AskedOfProvider {
  readonly url: string;
  readonly body: URLSearchParams;
  readonly headers: Headers;
}

/** Identity whose providers are answered by a test. */
export interface ProviderInternet {
  harness: Harness;
  readonly signing: { readonly privateKey: CryptoKey; readonly jwk: JWK };
  readonly apple: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  /** What providers were asked since the start. */
  readonly asked: readonly AskedOfProvider[];
  readonly start: (
    section: ProviderSection,
    secrets: Readonly<Record<string, string>>,
    internet: Internet,
  ) => Promise<ProviderBrowser>;
  /** An OpenID provider whose documents are at these addresses. */
  readonly oidcInternet: (
    document: Readonly<Record<string, unknown>> & { readonly token_endpoint: string; readonly jwks_uri: string },
    at: string,
    claims: () => Readonly<Record<string, unknown>>,
  ) => Internet;
  /** The identity that was connected. */
  readonly identity: () => Promise<{ issuer: string; subject: string } | null>;
}

/** Makes keys once for a file, and closes identity after each of its tests. */
export function useProviderInternet(): ProviderInternet {
  let signing: ProviderInternet['signing'];
  let apple: ProviderInternet['apple'];
  let harness: Harness;
  const asked: AskedOfProvider[] = [];
  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    signing = { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' } };
    apple = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  });
  afterEach(() => harness.close());

  const fetchFrom =
    (internet: Internet): typeof fetch =>
    async (input, options) => {
      const url = input instanceof Request ? input.url : input.toString();
      const request = {
        body: options?.body instanceof URLSearchParams ? options.body : new URLSearchParams(),
        headers: new Headers(options?.headers),
      };
      asked.push({ url, ...request });
      const answer = internet[url];
      if (answer === undefined) throw new TypeError(`nothing is at ${url}`);
      return Response.json(await answer(request));
    };

  return {
    get harness() {
      return harness;
    },
    set harness(next) {
      harness = next;
    },
    get signing() {
      return signing;
    },
    get apple() {
      return apple;
    },
    asked,
    async start(section, secrets, internet) {
      asked.length = 0;
      harness = await startHarness({
        features: { signInProviders: section },
        providerSecrets: () => new Map(Object.entries(secrets)),
        fetchFromProviders: fetchFrom(internet),
      });
      return openBrowser(harness);
    },
    oidcInternet: (document, at, claims) => ({
      [at]: () => ({
        response_types_supported: ['code'],
        id_token_signing_alg_values_supported: ['RS256'],
        ...document,
      }),
      [document.jwks_uri]: () => ({ keys: [signing.jwk] }),
      [document.token_endpoint]: async () => {
        const seconds = Math.floor(Date.now() / 1000);
        const idToken = await new SignJWT({ iat: seconds, exp: seconds + 60, ...claims() })
          .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
          .sign(signing.privateKey);
        return { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token: idToken };
      },
    }),
    identity: () =>
      harness.database.records.findOne<{ issuer: string; subject: string }>({
        model: 'sallyportExternalIdentity',
        where: [],
      }),
  };
}

/** Comes back from a provider with a code. */
export function comeBack(browser: ProviderBrowser, location: string, provider: string): Promise<Answer> {
  const state = new URL(location).searchParams.get('state') ?? '';
  return browser.get(`/auth/callback/${provider}?code=${randomBytes(8).toString('hex')}&state=${state}`);
}

export function nonceOf(location: string): string | null {
  return new URL(location).searchParams.get('nonce');
}
