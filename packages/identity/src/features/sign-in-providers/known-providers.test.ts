import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { type Answer } from '../../identity.test-support.ts';
import { begin, openBrowser, placeOf, type ProviderBrowser } from './provider.test-support.ts';
import {
  comeBack,
  nonceOf,
  useProviderInternet,
  type Internet,
  type ProviderSection,
} from './provider-internet.test-support.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const site = useProviderInternet();
const { start, oidcInternet, identity, asked } = site;

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
  const section: ProviderSection = {
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
  const section: ProviderSection = { apple: { clientId: 'a-1', teamId: 'TEAM', keyId: 'KEY' } };
  const user = JSON.stringify({ name: { firstName: 'Ada', lastName: 'Byron' }, email: 'x@privaterelay.appleid.com' });
  let nonce: string | null;
  const startApple = async (): Promise<ProviderBrowser> => {
    const secret = site.apple.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
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
    await expect(jwtVerify(secret, site.apple.publicKey, options)).resolves.toBeDefined();
    const { iat = 0, exp = 0 } = decodeJwt(secret);
    expect(exp - iat).toBeLessThanOrEqual(300);
  });

  it('is refused with a post in another browser, with a repeated member, and with another media type', async () => {
    const browser = await startApple();
    const location = await begin(browser, '/auth/sign-in/provider', { provider: 'apple' });
    const state = new URL(location).searchParams.get('state') ?? '';
    const victim = openBrowser(site.harness);
    await victim.postForm('/auth/callback/apple', { code: 'c', state });
    expect(placeOf(await victim.get('/auth/callback/apple'))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect(placeOf(await victim.get('/auth/callback/apple'))).toContain('SP_PROVIDER_FLOW_INVALID');
    const repeated = await site.harness.call('POST', '/auth/callback/apple', undefined, {
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
  const section: ProviderSection = { github: { clientId: 'gh-1', trustedEmailDomains: '*' } };
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
    expect(await site.harness.dump()).not.toContain(tokens.access_token);
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
