import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SallyportError } from '@sallyport/core';
import { createSecurityEventLog } from '../../events/security-event-log.ts';
import { features } from '../../features.ts';
import { startHarness, type Harness } from '../../identity.test-support.ts';
import { begin, openBrowser, placeOf, signInAt, startProviderHarness } from './provider.test-support.ts';
import { startProviderStandIn, type ProviderStandIn, type StandInLies } from './provider-stand-in.test-support.ts';

const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true };
const minute = 60;

let standIn: ProviderStandIn;
let harness: Harness;
beforeEach(async () => {
  standIn = await startProviderStandIn();
  harness = await startProviderHarness(standIn);
});
afterEach(async () => {
  vi.useRealTimers();
  await harness.close();
  await standIn.close();
});

/** Reasons of the refusals so far. */
async function reasons(): Promise<readonly string[]> {
  const events = await harness.events();
  return events
    .filter(({ type }) => type === 'provider.sign-in-refused')
    .map(({ details }) => (JSON.parse(String(details)) as { readonly reason: string }).reason);
}

async function expectNoAccount(): Promise<void> {
  expect(await harness.database.records.count({ model: 'user' })).toBe(0);
  expect(await harness.database.records.count({ model: 'sallyportExternalIdentity' })).toBe(0);
}

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
      Object.assign(standIn.lies, lies);
      const browser = openBrowser(harness);
      expect(placeOf(await signInAt(standIn, browser, ada))).toBe(
        '/auth/sign-in?provider=acme&refused=SP_PROVIDER_UNTRUSTED',
      );
      expect(await reasons()).toEqual([reason]);
      expect(await browser.caller()).toBeUndefined();
      await expectNoAccount();
    },
  );

  it('signed with a new key is accepted once the keys may be fetched again, and not before', async () => {
    await signInAt(standIn, openBrowser(harness), ada);
    await standIn.rotateKey();
    expect(placeOf(await signInAt(standIn, openBrowser(harness), ada))).toContain('SP_PROVIDER_UNTRUSTED');
    expect([await reasons(), standIn.seen.jwks]).toEqual([['id-token-key-unknown'], 1]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect(placeOf(await signInAt(standIn, openBrowser(harness), ada))).toBe('/');
    expect(standIn.seen.jwks).toBe(2);
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
    const browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, ada, change))).toContain('refused=SP_PROVIDER_');
    expect(await reasons()).toEqual([reason]);
    expect(await browser.caller()).toBeUndefined();
    await expectNoAccount();
  });

  it('says that the user cancelled', async () => {
    const answer = await signInAt(standIn, openBrowser(harness), ada, { code: '', error: 'access_denied' });
    expect(placeOf(answer)).toBe('/auth/sign-in?provider=acme&refused=SP_PROVIDER_CANCELLED');
    expect(await reasons()).toEqual(['cancelled']);
  });

  it.each([
    { name: 'without state', state: '' },
    { name: 'with a state that was never made', state: 'x'.repeat(43) },
    { name: 'with a state whose time was changed', state: 'zzzzzz.' },
  ])('$name is refused', async ({ state }) => {
    const browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, ada, { state }))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect([await reasons(), standIn.seen.token]).toEqual([['flow-unknown'], 0]);
  });

  it('in another browser is refused, and the code is sent nowhere', async () => {
    const back = standIn.authorize(await begin(openBrowser(harness)), ada);
    const victim = openBrowser(harness);
    expect(placeOf(await victim.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    await begin(victim);
    expect(placeOf(await victim.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect([await reasons(), standIn.seen.token]).toEqual([['flow-of-another-browser', 'flow-of-another-browser'], 0]);
    expect(await victim.caller()).toBeUndefined();
  });

  it('that comes again is refused, also with the cookie of its flow', async () => {
    const browser = openBrowser(harness);
    const back = standIn.authorize(await begin(browser), ada);
    const flow = browser.cookies.get('sallyport-3000-provider') ?? '';
    await browser.get(back.pathname + back.search);
    browser.cookies.set('sallyport-3000-provider', flow);
    expect(placeOf(await browser.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect([await reasons(), standIn.seen.token]).toEqual([['callback-replayed'], 1]);
  });

  it('that comes after ten minutes is refused', async () => {
    const browser = openBrowser(harness);
    const back = standIn.authorize(await begin(browser), ada);
    harness.advance(10 * minute + 1);
    expect(placeOf(await browser.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect(await reasons()).toEqual(['flow-expired']);
  });

  it('of one provider is refused at the callback of another', async () => {
    await harness.close();
    const { issuer, clientId, clientSecret } = standIn;
    const both = { name: 'Acme', issuer, clientId };
    harness = await startHarness({
      providerSecrets: () => new Map([['acme', clientSecret]]),
      features: { signInProviders: { oidc: { acme: both, evil: both } } },
    });
    const browser = openBrowser(harness);
    const back = standIn.authorize(await begin(browser), ada);
    expect(placeOf(await browser.get(`/auth/callback/evil${back.search}`))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect(await reasons()).toEqual(['flow-of-another-provider']);
  });

  it('with a repeated parameter is refused', async () => {
    const browser = openBrowser(harness);
    const back = standIn.authorize(await begin(browser), ada);
    const answer = await browser.get(`${back.pathname}${back.search}&code=other`);
    expect(answer.body).toMatchObject({ code: 'SP_REQUEST_AMBIGUOUS' });
  });

  it('of a provider that answers by redirect is refused where it is posted', async () => {
    const answer = await openBrowser(harness).postForm('/auth/callback/acme', { code: 'x', state: 'y' });
    expect(answer.body).toMatchObject({ code: 'SP_METHOD_NOT_ALLOWED' });
  });

  it('is a problem for a program, with the status of its reason', async () => {
    const browser = openBrowser(harness);
    const answer = await browser.get('/auth/callback/acme?state=x&code=y', { accept: 'application/json' });
    expect([answer.status, answer.body]).toMatchObject([400, { code: 'SP_PROVIDER_FLOW_INVALID' }]);
    expect((await browser.get('/auth/callback/unknown?state=x')).status).toBe(404);
  });

  it('is not looked at any more from a network that sent too many', async () => {
    const browser = openBrowser(harness, '203.0.113.99');
    for (let round = 0; round < 200; round += 1) await browser.get('/auth/callback/acme?state=x&code=y');
    for (let round = 0; round < 5; round += 1)
      expect(placeOf(await browser.get('/auth/callback/acme?state=x&code=y'))).toContain('SP_TOO_MANY_ATTEMPTS');
    expect(await reasons()).toHaveLength(201);
    expect(placeOf(await signInAt(standIn, openBrowser(harness), ada))).toBe('/');
  });
});

describe('a store that fails', () => {
  it('makes no account and no session where the event cannot be written', async () => {
    await harness.close();
    let isBroken = false;
    harness = await startProviderHarness(
      standIn,
      {},
      {
        events: {
          append: async (event) => {
            if (isBroken) throw new SallyportError('SP_STORE_UNAVAILABLE');
            await createSecurityEventLog(harness.database.records, features.events).append(event);
          },
        },
      },
    );
    const browser = openBrowser(harness);
    const location = await begin(browser);
    isBroken = true;
    const back = standIn.authorize(location, ada);
    const answer = await browser.get(back.pathname + back.search, { accept: 'application/json' });
    expect([answer.status, answer.body]).toMatchObject([503, { code: 'SP_STORE_UNAVAILABLE' }]);
    expect(await browser.caller()).toBeUndefined();
    await expectNoAccount();
    isBroken = false;
    expect(placeOf(await signInAt(standIn, browser, ada))).toBe('/');
  });
});

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
      Object.assign(standIn.lies, lies);
      const browser = openBrowser(harness);
      expect(placeOf(await signInAt(standIn, browser, ada))).toContain('refused=SP_PROVIDER_UNAVAILABLE');
      expect(await reasons()).toEqual([reason]);
      await expectNoAccount();
    },
  );

  it('that does not answer in time is unavailable', { timeout: 20_000 }, async () => {
    standIn.lies.at = { token: 'hang' };
    const answer = await signInAt(standIn, openBrowser(harness), ada);
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
      Object.assign(standIn.lies, lies);
      const browser = openBrowser(harness);
      for (let round = 0; round < 3; round += 1) {
        const answer = await browser.post('/auth/sign-in/provider', { provider: 'acme' });
        expect([answer.status, answer.body]).toMatchObject([503, { code: 'SP_PROVIDER_UNAVAILABLE' }]);
      }
      expect(standIn.seen.discovery).toBe(1);
      delete standIn.lies.at;
      delete standIn.lies.discovery;
      harness.advance(6);
      expect(placeOf(await signInAt(standIn, browser, ada))).toBe('/');
    },
  );

  it('is asked for its document once by many who come together, and once an hour', async () => {
    await Promise.all(Array.from({ length: 5 }, () => begin(openBrowser(harness))));
    expect(standIn.seen.discovery).toBe(1);
    harness.advance(61 * minute);
    standIn.lies.at = { discovery: outage };
    // What cannot be renewed is used until it can.
    await begin(openBrowser(harness));
    expect(standIn.seen.discovery).toBe(2);
  });

  it('that does not know the secret is unavailable: the fault is that of the operator', async () => {
    await harness.close();
    harness = await startProviderHarness(standIn, {}, { providerSecrets: () => new Map([['acme', 'old-secret']]) });
    expect(placeOf(await signInAt(standIn, openBrowser(harness), ada))).toContain('SP_PROVIDER_UNAVAILABLE');
    expect(await reasons()).toEqual(['client-refused']);
  });

  it('uses a secret that was renewed', async () => {
    await harness.close();
    let secret = 'old-secret';
    harness = await startProviderHarness(standIn, {}, { providerSecrets: () => new Map([['acme', secret]]) });
    await signInAt(standIn, openBrowser(harness), ada);
    secret = standIn.clientSecret;
    expect(placeOf(await signInAt(standIn, openBrowser(harness), ada))).toBe('/');
  });

  it('that the configuration does not have is unknown', async () => {
    const answer = await openBrowser(harness).post('/auth/sign-in/provider', { provider: 'google' });
    expect([answer.status, answer.body]).toMatchObject([404, { code: 'SP_NOT_FOUND' }]);
    expect((await openBrowser(harness).get('/auth/providers')).body).toEqual({
      providers: [{ id: 'acme', name: 'Acme SSO', kind: 'oidc' }],
    });
  });
});
