import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import {
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type CryptoKey,
  type JWK,
} from 'jose';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startHarness, type Answer, type Harness, type HarnessOptions } from '../../identity.test-support.ts';
import { begin, openBrowser, placeOf, type ProviderBrowser } from './provider.test-support.ts';

type Section = NonNullable<NonNullable<HarnessOptions['features']>['signInProviders']>;

/** The part of the internet that a provider is: what it answers, by address. */
type Internet = Readonly<
  Record<string, (request: { readonly body: URLSearchParams; readonly headers: Headers }) => unknown>
>;

const tenant = '11111111-2222-3333-4444-555555555555';

let signing: { readonly privateKey: CryptoKey; readonly jwk: JWK };
let apple: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  signing = { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' } };
  apple = generateKeyPairSync('ec', { namedCurve: 'P-256' });
});

let harness: Harness;
afterEach(() => harness.close());

const asked: { readonly url: string; readonly body: URLSearchParams; readonly headers: Headers }[] = [];

function fetchFrom(internet: Internet): typeof fetch {
  return async (input, options) => {
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
}

async function start(
  section: Section,
  secrets: Readonly<Record<string, string>>,
  internet: Internet,
): Promise<ProviderBrowser> {
  asked.length = 0;
  harness = await startHarness({
    features: { signInProviders: section },
    providerSecrets: () => new Map(Object.entries(secrets)),
    fetchFromProviders: fetchFrom(internet),
  });
  return openBrowser(harness);
}

/** An OpenID provider whose documents are at these addresses. */
function oidcInternet(
  document: Readonly<Record<string, unknown>> & { readonly token_endpoint: string; readonly jwks_uri: string },
  at: string,
  claims: () => Readonly<Record<string, unknown>>,
): Internet {
  return {
    [at]: () => ({ response_types_supported: ['code'], id_token_signing_alg_values_supported: ['RS256'], ...document }),
    [document.jwks_uri]: () => ({ keys: [signing.jwk] }),
    [document.token_endpoint]: async () => {
      const seconds = Math.floor(Date.now() / 1000);
      const idToken = await new SignJWT({ iat: seconds, exp: seconds + 60, ...claims() })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .sign(signing.privateKey);
      return { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token: idToken };
    },
  };
}

const comeBack = (browser: ProviderBrowser, location: string, provider: string): Promise<Answer> => {
  const state = new URL(location).searchParams.get('state') ?? '';
  return browser.get(`/auth/callback/${provider}?code=${randomBytes(8).toString('hex')}&state=${state}`);
};
const nonceOf = (location: string): string | null => new URL(location).searchParams.get('nonce');
const identity = () =>
  harness.database.records.findOne<{ issuer: string; subject: string }>({
    model: 'sallyportExternalIdentity',
    where: [],
  });

describe('Google', () => {
  const at = 'https://accounts.google.com/.well-known/openid-configuration';
  const document = {
    issuer: 'https://accounts.google.com',
    authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
    token_endpoint: 'https://oauth2.googleapis.com/token',
    jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
  };

  it.each([
    { name: 'an address of its own', claims: { email: 'ada@gmail.com', email_verified: true }, isProved: true },
    {
      name: 'an address of the organization of the account',
      claims: { email: 'ada@example.test', email_verified: true, hd: 'example.test' },
      isProved: true,
    },
    { name: 'another address', claims: { email: 'ada@example.test', email_verified: true }, isProved: false },
    {
      name: 'an address of another organization',
      claims: { email: 'ada@example.test', email_verified: true, hd: 'evil.test' },
      isProved: false,
    },
  ])('is believed about $name: $isProved', async ({ claims, isProved }) => {
    let nonce: string | null = null;
    const person = () => ({ iss: document.issuer, aud: 'g-1', sub: '10769150350006150715113082367', nonce, ...claims });
    const browser = await start({ google: { clientId: 'g-1' } }, { google: 's' }, oidcInternet(document, at, person));
    const location = await begin(browser, '/auth/sign-in/provider', { provider: 'google' });
    expect(location.startsWith('https://accounts.google.com/o/oauth2/v2/auth?')).toBe(true);
    nonce = nonceOf(location);
    expect(placeOf(await comeBack(browser, location, 'google'))).toBe(isProved ? '/' : '/auth/check-mail');
    expect(asked.find(({ url }) => url === document.token_endpoint)?.body.get('client_secret')).toBe('s');
  });
});

describe('Microsoft', () => {
  const at = 'https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration';
  const document = {
    issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
    authorization_endpoint: 'https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize',
    token_endpoint: 'https://login.microsoftonline.com/organizations/oauth2/v2.0/token',
    jwks_uri: 'https://login.microsoftonline.com/organizations/discovery/v2.0/keys',
  };
  const section: Section = {
    microsoft: { clientId: 'm-1', tenant: 'organizations', trustedEmailDomains: ['example.test'] },
  };
  const person = {
    iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
    aud: 'm-1',
    tid: tenant,
    sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
    email: 'ada@example.test',
  };

  it.each([
    { name: 'whose domain was proved', claims: { xms_edov: true }, place: '/' },
    { name: 'that anyone may have written', claims: {}, place: '/auth/check-mail' },
    { name: 'that it calls verified by another word', claims: { email_verified: true }, place: '/auth/check-mail' },
  ])('with an address $name leads to $place', async ({ claims, place }) => {
    let nonce: string | null = null;
    const internet = oidcInternet(document, at, () => ({ ...person, ...claims, nonce }));
    const browser = await start(section, { microsoft: 's' }, internet);
    const location = await begin(browser, '/auth/sign-in/provider', { provider: 'microsoft' });
    nonce = nonceOf(location);
    expect(placeOf(await comeBack(browser, location, 'microsoft'))).toBe(place);
    expect(await identity()).toMatchObject({ issuer: person.iss, subject: person.sub });
  });

  it('with an issuer of another tenant than the token names is refused', async () => {
    let nonce: string | null = null;
    const iss = 'https://login.microsoftonline.com/99999999-2222-3333-4444-555555555555/v2.0';
    const internet = oidcInternet(document, at, () => ({ ...person, iss, nonce }));
    const browser = await start(section, { microsoft: 's' }, internet);
    const location = await begin(browser, '/auth/sign-in/provider', { provider: 'microsoft' });
    nonce = nonceOf(location);
    expect(placeOf(await comeBack(browser, location, 'microsoft'))).toContain('SP_PROVIDER_UNTRUSTED');
  });
});

describe('Apple', () => {
  const at = 'https://appleid.apple.com/.well-known/openid-configuration';
  const document = {
    issuer: 'https://appleid.apple.com',
    authorization_endpoint: 'https://appleid.apple.com/auth/authorize',
    token_endpoint: 'https://appleid.apple.com/auth/token',
    jwks_uri: 'https://appleid.apple.com/auth/keys',
  };
  const section: Section = { apple: { clientId: 'a-1', teamId: 'TEAM', keyId: 'KEY' } };
  const user = JSON.stringify({ name: { firstName: 'Ada', lastName: 'Byron' }, email: 'x@privaterelay.appleid.com' });
  let nonce: string | null;
  const startApple = async (): Promise<ProviderBrowser> => {
    const secret = apple.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    const person = () => ({
      iss: document.issuer,
      aud: 'a-1',
      sub: '001.abc',
      email: 'x@privaterelay.appleid.com',
      email_verified: 'true',
      nonce,
    });
    return start(section, { apple: secret }, oidcInternet(document, at, person));
  };

  it('posts its answer from its own site, which a navigation of this one takes up', async () => {
    const browser = await startApple();
    const location = await begin(browser, '/auth/sign-in/provider', { provider: 'apple', returnTo: '/orders' });
    const { searchParams } = new URL(location);
    expect([searchParams.get('response_mode'), searchParams.get('scope')]).toEqual(['form_post', 'openid name email']);
    nonce = nonceOf(location);
    const form = { code: 'c', state: searchParams.get('state') ?? '', user };
    const posted = await browser.postForm('/auth/callback/apple', form);
    expect([posted.status, placeOf(posted)]).toEqual([303, '/auth/callback/apple']);
    expect(placeOf(await browser.get('/auth/callback/apple'))).toBe('/orders');
    expect([...browser.cookies.keys()]).toEqual(['sallyport-3000']);
    expect(await browser.caller()).toMatchObject({ profile: { name: 'Ada Byron' } });
  });

  it('is given a secret that the key of the team signed, for a moment', async () => {
    const browser = await startApple();
    const location = await begin(browser, '/auth/sign-in/provider', { provider: 'apple' });
    nonce = nonceOf(location);
    await comeBack(browser, location, 'apple');
    const secret = asked.find(({ url }) => url === document.token_endpoint)?.body.get('client_secret') ?? '';
    expect(decodeProtectedHeader(secret)).toEqual({ alg: 'ES256', kid: 'KEY' });
    const options = { issuer: 'TEAM', subject: 'a-1', audience: document.issuer };
    await expect(jwtVerify(secret, apple.publicKey, options)).resolves.toBeDefined();
    const { iat = 0, exp = 0 } = decodeJwt(secret);
    expect(exp - iat).toBeLessThanOrEqual(300);
  });

  it('is refused with a post in another browser, with a repeated member, and with another media type', async () => {
    const browser = await startApple();
    const location = await begin(browser, '/auth/sign-in/provider', { provider: 'apple' });
    const state = new URL(location).searchParams.get('state') ?? '';
    const victim = openBrowser(harness);
    await victim.postForm('/auth/callback/apple', { code: 'c', state });
    expect(placeOf(await victim.get('/auth/callback/apple'))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect(placeOf(await victim.get('/auth/callback/apple'))).toContain('SP_PROVIDER_FLOW_INVALID');
    const repeated = await harness.call('POST', '/auth/callback/apple', undefined, {
      rawBody: `code=a&code=b&state=${state}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(repeated.body).toMatchObject({ code: 'SP_REQUEST_AMBIGUOUS' });
    expect((await victim.post('/auth/callback/apple', { code: 'c' })).status).toBe(415);
  });
});

describe('GitHub', () => {
  const api = 'https://api.github.com';
  const tokens = { access_token: 'gho_secret', token_type: 'bearer', scope: 'read:user,user:email' };
  const profile = { id: 583231, login: 'octocat', name: 'The Octocat' };
  const primary = { email: 'octocat@example.test', primary: true, verified: true, visibility: 'public' };
  const section: Section = { github: { clientId: 'gh-1', trustedEmailDomains: '*' } };
  const internet = (change: Internet = {}): Internet => ({
    'https://github.com/login/oauth/access_token': () => tokens,
    [`${api}/user`]: () => profile,
    [`${api}/user/emails`]: () => [{ email: 'old@example.test', primary: false, verified: true }, primary],
    ...change,
  });
  const signIn = async (browser: ProviderBrowser): Promise<Answer> =>
    comeBack(browser, await begin(browser, '/auth/sign-in/provider', { provider: 'github' }), 'github');

  it('signs in by the number of the account, with its primary address', async () => {
    const browser = await start(section, { github: 's' }, internet());
    expect(placeOf(await signIn(browser))).toBe('/');
    expect(await browser.caller()).toMatchObject({ profile: { name: 'The Octocat', email: primary.email } });
    expect(await identity()).toMatchObject({ issuer: 'https://github.com', subject: '583231' });
    expect(await harness.dump()).not.toContain(tokens.access_token);
    const user = asked.find(({ url }) => url === `${api}/user`);
    expect(user?.headers.get('authorization')).toBe('Bearer gho_secret');
    expect(asked[0]?.body.get('code_verifier')).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it.each([
    { name: 'an address that is not verified', emails: [{ ...primary, verified: false }], place: '/auth/check-mail' },
    {
      name: 'no primary address',
      emails: [{ ...primary, primary: false }],
      place: '/auth/sign-in?provider=github&refused=SP_PROVIDER_EMAIL_MISSING',
    },
    { name: 'no address', emails: [], place: '/auth/sign-in?provider=github&refused=SP_PROVIDER_EMAIL_MISSING' },
  ])('with $name leads to $place', async ({ emails, place }) => {
    const browser = await start(section, { github: 's' }, internet({ [`${api}/user/emails`]: () => emails }));
    expect(placeOf(await signIn(browser))).toBe(place);
  });

  it.each([
    {
      name: 'refuses the code with status 200, as it does',
      change: { 'https://github.com/login/oauth/access_token': () => ({ error: 'bad_verification_code' }) },
      code: 'SP_PROVIDER_UNTRUSTED',
    },
    {
      name: 'answers another profile than it documents',
      change: { [`${api}/user`]: () => ({}) },
      code: 'SP_PROVIDER_UNTRUSTED',
    },
    {
      name: 'cannot be reached',
      change: {
        [`${api}/user`]: () => {
          throw new TypeError('fetch failed');
        },
      },
      code: 'SP_PROVIDER_UNAVAILABLE',
    },
  ])('that $name signs no one in', async ({ change, code }) => {
    const browser = await start(section, { github: 's' }, internet(change));
    expect(placeOf(await signIn(browser))).toContain(code);
    expect(await browser.caller()).toBeUndefined();
  });

  it('of an enterprise server is asked there', async () => {
    const origin = 'https://github.example.test';
    const browser = await start(
      { github: { clientId: 'gh-1', origin, trustedEmailDomains: '*' } },
      { github: 's' },
      {
        [`${origin}/login/oauth/access_token`]: () => tokens,
        [`${origin}/api/v3/user`]: () => profile,
        [`${origin}/api/v3/user/emails`]: () => [primary],
      },
    );
    expect(placeOf(await signIn(browser))).toBe('/');
    expect(await identity()).toMatchObject({ issuer: origin });
  });
});

describe('a provider of an organization', () => {
  const issuer = 'https://sso.example.test/realms/staff';
  const document = {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/certs`,
  };
  const signIn = async (change: Readonly<Record<string, unknown>>, secrets: Readonly<Record<string, string>>) => {
    let nonce: string | null = null;
    const person = () => ({ iss: issuer, aud: 'x', sub: '1', email: 'a@staff.test', email_verified: true, nonce });
    const staff = { name: 'Staff', issuer, clientId: 'x', trustedEmailDomains: ['staff.test'], ...change };
    const at = `${issuer}/.well-known/openid-configuration`;
    const browser = await start({ oidc: { staff } }, secrets, oidcInternet(document, at, person));
    const location = await begin(browser, '/auth/sign-in/provider', { provider: 'staff' });
    nonce = nonceOf(location);
    return { answer: await comeBack(browser, location, 'staff'), location };
  };
  const tokenRequest = () => asked.find(({ url }) => url === document.token_endpoint);

  it.each([
    { name: 'EC', make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), alg: 'ES256' },
    { name: 'RSA', make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }), alg: 'RS256' },
    { name: 'Ed25519', make: () => generateKeyPairSync('ed25519'), alg: 'Ed25519' },
  ])('is shown an assertion that a private key signed: $name', async ({ make, alg }) => {
    const { privateKey, publicKey } = make();
    const staff = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    const { answer } = await signIn({ clientAuthentication: 'private_key_jwt', keyId: 'k7' }, { staff });
    expect(placeOf(answer)).toBe('/');
    const assertion = tokenRequest()?.body.get('client_assertion') ?? '';
    expect(decodeProtectedHeader(assertion)).toMatchObject({ alg, kid: 'k7' });
    await expect(jwtVerify(assertion, publicKey, { issuer: 'x', subject: 'x' })).resolves.toBeDefined();
    expect(tokenRequest()?.body.has('client_secret')).toBe(false);
  });

  it('is shown nothing by a public client, and the secret in the body where it wants that', async () => {
    expect(placeOf((await signIn({ clientAuthentication: 'none' }, {})).answer)).toBe('/');
    expect(tokenRequest()?.headers.has('authorization')).toBe(false);
    await harness.close();
    await signIn({ clientAuthentication: 'client_secret_post' }, { staff: 'shh' });
    expect(tokenRequest()?.body.get('client_secret')).toBe('shh');
  });

  it.each<Readonly<Record<string, string>>>([{ staff: 'no-key' }, {}])(
    'signs no one in with a key that is none: %o',
    async (secrets) => {
      const { answer } = await signIn({ clientAuthentication: 'private_key_jwt' }, secrets);
      expect(placeOf(answer)).toContain('SP_PROVIDER_UNAVAILABLE');
      expect(tokenRequest()).toBeUndefined();
    },
  );

  it('is asked for the assurance that is wanted', async () => {
    const { location } = await signIn({ acrValues: ['gold', 'silver'] }, { staff: 'shh' });
    expect(new URL(location).searchParams.get('acr_values')).toBe('gold silver');
  });
});

describe('the section of providers', () => {
  const refused = (section: unknown) =>
    startHarness({ features: { signInProviders: section as Section } }).then((started) => {
      harness = started;
    });
  const oidc = { name: 'Acme', issuer: 'https://sso.example.test', clientId: 'x' };

  it.each([
    { name: 'an unknown key', section: { oidc: { acme: { ...oidc, secret: 'x' } } } },
    { name: 'a name that is kept for another section', section: { oidc: { google: oidc } } },
    { name: 'a name that is none', section: { oidc: { 'Acme SSO': oidc } } },
    { name: 'an issuer in plain http elsewhere', section: { oidc: { acme: { ...oidc, issuer: 'http://sso.test' } } } },
    { name: 'an issuer with a query', section: { oidc: { acme: { ...oidc, issuer: 'https://sso.test/?a' } } } },
    { name: 'scopes without openid', section: { oidc: { acme: { ...oidc, scopes: ['email'] } } } },
    { name: 'a key id that has no effect', section: { oidc: { acme: { ...oidc, keyId: 'k' } } } },
    { name: 'a domain that is none', section: { google: { clientId: 'g', trustedEmailDomains: ['*.test'] } } },
    { name: 'a level that is none', section: { oidc: { acme: { ...oidc, trustAcr: { a: 'high' } } } } },
    { name: 'a tenant that is none', section: { microsoft: { clientId: 'm', tenant: 'Contoso' } } },
  ])('is refused with $name', async ({ section }) => {
    await expect(refused(section)).rejects.toThrow();
    harness = await startHarness();
  });
});
