import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { startHarness } from '../../identity.test-support.ts';
import { begin, placeOf } from './provider.test-support.ts';
import { comeBack, nonceOf, useProviderInternet, type ProviderSection } from './provider-internet.test-support.ts';

const site = useProviderInternet();
const { start, oidcInternet, asked } = site;

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
    await site.harness.close();
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
    startHarness({ features: { signInProviders: section as ProviderSection } }).then((started) => {
      site.harness = started;
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
    site.harness = await startHarness();
  });
});
