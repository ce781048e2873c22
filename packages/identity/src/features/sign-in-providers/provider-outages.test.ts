import { describe, expect, it } from 'vitest';
import { begin, openBrowser, placeOf, signInAt, startProviderHarness } from './provider.test-support.ts';
import type { StandInLies } from './provider-stand-in.test-support.ts';
import { useProviderSite } from './provider-site.test-support.ts';

const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true };
const minute = 60;
const site = useProviderSite();
const { reasons, expectNoAccount } = site;

describe('a provider', () => {
  const outage = { status: 503, body: '{}' };

  it.each([
    { name: 'fails at its token endpoint', lies: { at: { token: outage } }, reason: 'provider-failed' },
    { name: 'fails at its keys', lies: { at: { jwks: outage } }, reason: 'provider-failed' },
    {
      name: 'answers without end',
      lies: { at: { token: { status: 200, body: `"${'x'.repeat(600_000)}"` } } },
      reason: 'provider-answer-too-large',
    },
    {
      name: 'answers with something else than JSON',
      lies: { at: { token: { status: 200, body: '<html>' } } },
      reason: 'provider-failed',
    },
    {
      name: 'redirects from its token endpoint',
      lies: { at: { token: { status: 302, body: '' } } },
      reason: 'provider-failed',
    },
  ] satisfies readonly { name: string; lies: StandInLies; reason: string }[])(
    'that $name is unavailable, and signs no one in',
    async ({ lies, reason }) => {
      Object.assign(site.standIn.lies, lies);
      const browser = openBrowser(site.harness);
      expect(placeOf(await signInAt(site.standIn, browser, ada))).toContain('refused=SP_PROVIDER_UNAVAILABLE');
      expect(await reasons()).toEqual([reason]);
      await expectNoAccount();
    },
  );

  it('that does not answer in time is unavailable', { timeout: 20_000 }, async () => {
    site.standIn.lies.at = { token: 'hang' };
    const answer = await signInAt(site.standIn, openBrowser(site.harness), ada);
    expect(placeOf(answer)).toContain('refused=SP_PROVIDER_UNAVAILABLE');
    expect(await reasons()).toEqual(['provider-slow']);
  });

  it.each([
    { name: 'cannot be reached', lies: { at: { discovery: outage } } },
    {
      name: 'has a document of another issuer',
      lies: { discovery: (document: Record<string, unknown>) => ({ ...document, issuer: 'https://evil.test' }) },
    },
    {
      name: 'names an endpoint in plain http elsewhere',
      lies: {
        discovery: (document: Record<string, unknown>) => ({ ...document, token_endpoint: 'http://169.254.169.254/' }),
      },
    },
    {
      name: 'names no keys',
      lies: { discovery: (document: Record<string, unknown>) => ({ ...document, jwks_uri: undefined }) },
    },
  ] satisfies readonly { name: string; lies: StandInLies }[])(
    'that $name is unavailable at once, and is not asked again for some seconds',
    async ({ lies }) => {
      Object.assign(site.standIn.lies, lies);
      const browser = openBrowser(site.harness);
      for (let round = 0; round < 3; round += 1) {
        const answer = await browser.post('/auth/sign-in/provider', { provider: 'acme' });
        expect([answer.status, answer.body]).toMatchObject([503, { code: 'SP_PROVIDER_UNAVAILABLE' }]);
      }
      expect(site.standIn.seen.discovery).toBe(1);
      delete site.standIn.lies.at;
      delete site.standIn.lies.discovery;
      site.harness.advance(6);
      expect(placeOf(await signInAt(site.standIn, browser, ada))).toBe('/');
    },
  );

  it('is asked for its document once by many who come together, and once an hour', async () => {
    await Promise.all(Array.from({ length: 5 }, () => begin(openBrowser(site.harness))));
    expect(site.standIn.seen.discovery).toBe(1);
    site.harness.advance(61 * minute);
    site.standIn.lies.at = { discovery: outage };
    // What cannot be renewed is used until it can.
    await begin(openBrowser(site.harness));
    expect(site.standIn.seen.discovery).toBe(2);
  });

  it('that does not know the secret is unavailable: the fault is that of the operator', async () => {
    await site.harness.close();
    site.harness = await startProviderHarness(
      site.standIn,
      {},
      { providerSecrets: () => new Map([['acme', 'old-secret']]) },
    );
    expect(placeOf(await signInAt(site.standIn, openBrowser(site.harness), ada))).toContain('SP_PROVIDER_UNAVAILABLE');
    expect(await reasons()).toEqual(['client-refused']);
  });

  it('uses a secret that was renewed', async () => {
    await site.harness.close();
    let secret = 'old-secret';
    site.harness = await startProviderHarness(site.standIn, {}, { providerSecrets: () => new Map([['acme', secret]]) });
    await signInAt(site.standIn, openBrowser(site.harness), ada);
    secret = site.standIn.clientSecret;
    expect(placeOf(await signInAt(site.standIn, openBrowser(site.harness), ada))).toBe('/');
  });

  it('that the configuration does not have is unknown', async () => {
    const answer = await openBrowser(site.harness).post('/auth/sign-in/provider', { provider: 'google' });
    expect([answer.status, answer.body]).toMatchObject([404, { code: 'SP_NOT_FOUND' }]);
    expect((await openBrowser(site.harness).get('/auth/providers')).body).toEqual({
      providers: [{ id: 'acme', name: 'Acme SSO', kind: 'oidc' }],
    });
  });
});
