import { describe, expect, it, vi } from 'vitest';
import { SallyportError } from '@sallyport/core';
import { createSecurityEventLog } from '../../events/security-event-log.ts';
import { features } from '../../features.ts';
import { startHarness } from '../../identity.test-support.ts';
import { begin, openBrowser, placeOf, signInAt, startProviderHarness } from './provider.test-support.ts';
import type { StandInLies } from './provider-stand-in.test-support.ts';
import { useProviderSite } from './provider-site.test-support.ts';

const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true };
const minute = 60;
const site = useProviderSite();
const { reasons, expectNoAccount } = site;
const seconds = (): number => Math.floor(Date.now() / 1000);

describe('an ID token', () => {
  const changed = (change: Readonly<Record<string, unknown>>): StandInLies => ({
    claims: (claims) => ({ ...claims, ...change }),
  });
  const swapPart = (token: string, index: number, value: object): string =>
    token
      .split('.')
      .map((part, at) => (at === index ? Buffer.from(JSON.stringify(value)).toString('base64url') : part))
      .join('.');

  it.each([
    { name: 'of another issuer', lies: changed({ iss: 'https://evil.test' }), reason: 'id-token-iss-wrong' },
    { name: 'for another client', lies: changed({ aud: 'other' }), reason: 'id-token-aud-wrong' },
    {
      name: 'for several clients that names none of them',
      lies: changed({ aud: ['sallyport', 'other'] }),
      reason: 'id-token-aud-wrong',
    },
    {
      name: 'that another client asked for',
      lies: changed({ aud: ['sallyport', 'other'], azp: 'other' }),
      reason: 'id-token-azp-wrong',
    },
    { name: 'with another nonce', lies: changed({ nonce: 'other' }), reason: 'id-token-nonce-wrong' },
    { name: 'without a nonce', lies: changed({ nonce: undefined }), reason: 'id-token-nonce-missing' },
    { name: 'that has expired', lies: changed({ exp: seconds() - 10 * minute }), reason: 'id-token-expired' },
    { name: 'without a subject', lies: changed({ sub: undefined }), reason: 'id-token-sub-missing' },
    {
      name: 'signed with a key that is not published',
      lies: { signsWithUnpublishedKey: true },
      reason: 'id-token-key-unknown',
    },
    {
      name: 'signed with another key under the published kid',
      lies: { signsWithUnpublishedKey: true, underPublishedKid: true },
      reason: 'id-token-signature-wrong',
    },
    {
      name: 'with alg none',
      lies: { idToken: (token) => swapPart(token, 0, { alg: 'none' }) },
      reason: 'id-token-algorithm-refused',
    },
    {
      name: 'with an algorithm that its issuer does not announce',
      lies: { idToken: (token) => swapPart(token, 0, { alg: 'HS256' }) },
      reason: 'id-token-algorithm-refused',
    },
    { name: 'that is no token', lies: { idToken: () => 'nothing' }, reason: 'id-token-invalid' },
    { name: 'that is missing', lies: { idToken: () => undefined }, reason: 'id-token-missing' },
  ] satisfies readonly { name: string; lies: StandInLies; reason: string }[])(
    '$name is refused',
    async ({ lies, reason }) => {
      Object.assign(site.standIn.lies, lies);
      const browser = openBrowser(site.harness);
      expect(placeOf(await signInAt(site.standIn, browser, ada))).toBe(
        '/auth/sign-in?provider=acme&refused=SP_PROVIDER_UNTRUSTED',
      );
      expect(await reasons()).toEqual([reason]);
      expect(await browser.caller()).toBeUndefined();
      await expectNoAccount();
    },
  );

  it('signed with a new key is accepted once the keys may be fetched again, and not before', async () => {
    await signInAt(site.standIn, openBrowser(site.harness), ada);
    await site.standIn.rotateKey();
    expect(placeOf(await signInAt(site.standIn, openBrowser(site.harness), ada))).toContain('SP_PROVIDER_UNTRUSTED');
    expect([await reasons(), site.standIn.seen.jwks]).toEqual([['id-token-key-unknown'], 1]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect(placeOf(await signInAt(site.standIn, openBrowser(site.harness), ada))).toBe('/');
    expect(site.standIn.seen.jwks).toBe(2);
  });
});

describe('an answer of the provider', () => {
  it.each([
    { name: 'of another issuer (mix-up)', change: { iss: 'https://evil.test' }, reason: 'response-iss-wrong' },
    {
      name: 'that names no issuer although its issuer announces it',
      change: { iss: '' },
      reason: 'response-iss-missing',
    },
    { name: 'with a code that the provider did not give', change: { code: 'made-up' }, reason: 'code-refused' },
    { name: 'without a code', change: { code: '' }, reason: 'code-missing' },
    { name: 'that refuses', change: { code: '', error: 'invalid_scope' }, reason: 'authorization-refused' },
  ])('$name is refused', async ({ change, reason }) => {
    const browser = openBrowser(site.harness);
    expect(placeOf(await signInAt(site.standIn, browser, ada, change))).toContain('refused=SP_PROVIDER_');
    expect(await reasons()).toEqual([reason]);
    expect(await browser.caller()).toBeUndefined();
    await expectNoAccount();
  });

  it('says that the user cancelled', async () => {
    const answer = await signInAt(site.standIn, openBrowser(site.harness), ada, { code: '', error: 'access_denied' });
    expect(placeOf(answer)).toBe('/auth/sign-in?provider=acme&refused=SP_PROVIDER_CANCELLED');
    expect(await reasons()).toEqual(['cancelled']);
  });

  it.each([
    { name: 'without state', state: '' },
    { name: 'with a state that was never made', state: 'x'.repeat(43) },
    { name: 'with a state whose time was changed', state: 'zzzzzz.' },
  ])('$name is refused', async ({ state }) => {
    const browser = openBrowser(site.harness);
    expect(placeOf(await signInAt(site.standIn, browser, ada, { state }))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect([await reasons(), site.standIn.seen.token]).toEqual([['flow-unknown'], 0]);
  });

  it('in another browser is refused, and the code is sent nowhere', async () => {
    const back = site.standIn.authorize(await begin(openBrowser(site.harness)), ada);
    const victim = openBrowser(site.harness);
    expect(placeOf(await victim.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    await begin(victim);
    expect(placeOf(await victim.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect([await reasons(), site.standIn.seen.token]).toEqual([
      ['flow-of-another-browser', 'flow-of-another-browser'],
      0,
    ]);
    expect(await victim.caller()).toBeUndefined();
  });

  it('that comes again is refused, also with the cookie of its flow', async () => {
    const browser = openBrowser(site.harness);
    const back = site.standIn.authorize(await begin(browser), ada);
    const flow = browser.cookies.get('sallyport-3000-provider') ?? '';
    await browser.get(back.pathname + back.search);
    browser.cookies.set('sallyport-3000-provider', flow);
    expect(placeOf(await browser.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect([await reasons(), site.standIn.seen.token]).toEqual([['callback-replayed'], 1]);
  });

  it('that comes after ten minutes is refused', async () => {
    const browser = openBrowser(site.harness);
    const back = site.standIn.authorize(await begin(browser), ada);
    site.harness.advance(10 * minute + 1);
    expect(placeOf(await browser.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect(await reasons()).toEqual(['flow-expired']);
  });

  it('of one provider is refused at the callback of another', async () => {
    await site.harness.close();
    const { issuer, clientId, clientSecret } = site.standIn;
    const both = { name: 'Acme', issuer, clientId };
    site.harness = await startHarness({
      providerSecrets: () => new Map([['acme', clientSecret]]),
      features: { signInProviders: { oidc: { acme: both, evil: both } } },
    });
    const browser = openBrowser(site.harness);
    const back = site.standIn.authorize(await begin(browser), ada);
    expect(placeOf(await browser.get(`/auth/callback/evil${back.search}`))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect(await reasons()).toEqual(['flow-of-another-provider']);
  });

  it('with a repeated parameter is refused', async () => {
    const browser = openBrowser(site.harness);
    const back = site.standIn.authorize(await begin(browser), ada);
    const answer = await browser.get(`${back.pathname}${back.search}&code=other`);
    expect(answer.body).toMatchObject({ code: 'SP_REQUEST_AMBIGUOUS' });
  });

  it('of a provider that answers by redirect is refused where it is posted', async () => {
    const answer = await openBrowser(site.harness).postForm('/auth/callback/acme', { code: 'x', state: 'y' });
    expect(answer.body).toMatchObject({ code: 'SP_METHOD_NOT_ALLOWED' });
  });

  it('is a problem for a program, with the status of its reason', async () => {
    const browser = openBrowser(site.harness);
    const answer = await browser.get('/auth/callback/acme?state=x&code=y', { accept: 'application/json' });
    expect([answer.status, answer.body]).toMatchObject([400, { code: 'SP_PROVIDER_FLOW_INVALID' }]);
    expect((await browser.get('/auth/callback/unknown?state=x')).status).toBe(404);
  });

  it('is not looked at any more from a network that sent too many', async () => {
    const browser = openBrowser(site.harness, '203.0.113.99');
    for (let round = 0; round < 200; round += 1) await browser.get('/auth/callback/acme?state=x&code=y');
    for (let round = 0; round < 5; round += 1)
      expect(placeOf(await browser.get('/auth/callback/acme?state=x&code=y'))).toContain('SP_TOO_MANY_ATTEMPTS');
    expect(await reasons()).toHaveLength(201);
    expect(placeOf(await signInAt(site.standIn, openBrowser(site.harness), ada))).toBe('/');
  });
});

describe('a store that fails', () => {
  it('makes no account and no session where the event cannot be written', async () => {
    await site.harness.close();
    let isBroken = false;
    site.harness = await startProviderHarness(
      site.standIn,
      {},
      {
        events: {
          append: async (event) => {
            if (isBroken) throw new SallyportError('SP_STORE_UNAVAILABLE');
            await createSecurityEventLog(site.harness.database.records, features.events).append(event);
          },
        },
      },
    );
    const browser = openBrowser(site.harness);
    const location = await begin(browser);
    isBroken = true;
    const back = site.standIn.authorize(location, ada);
    const answer = await browser.get(back.pathname + back.search, { accept: 'application/json' });
    expect([answer.status, answer.body]).toMatchObject([503, { code: 'SP_STORE_UNAVAILABLE' }]);
    expect(await browser.caller()).toBeUndefined();
    await expectNoAccount();
    isBroken = false;
    expect(placeOf(await signInAt(site.standIn, browser, ada))).toBe('/');
  });
});
