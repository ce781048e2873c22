import type { Caller, ConnectedProvidersAnswer } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, onDatabase, startHarness, type Answer, type Harness } from '../../identity.test-support.ts';
import { begin, openBrowser, placeOf, signInAt, type ProviderBrowser } from './provider.test-support.ts';
import { startProviderStandIn, type ProviderStandIn, type StandInClaims } from './provider-stand-in.test-support.ts';

const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true };
const owner = 'robin@example.test';

let standIn: ProviderStandIn;
let harness: Harness;
let browser: ProviderBrowser;
beforeEach(async () => {
  standIn = await startProviderStandIn();
  const { issuer, clientId, clientSecret } = standIn;
  const acme = {
    name: 'Acme SSO',
    issuer,
    clientId,
    trustedEmailDomains: ['example.test'],
    countCallbackAsSignIn: true,
  };
  harness = await startHarness({
    providerSecrets: () => new Map([['acme', clientSecret]]),
    features: { signInProviders: { oidc: { acme } } },
  });
  browser = openBrowser(harness);
});
afterEach(async () => {
  await harness.close();
  await standIn.close();
});

const signInWithPassword = async (by: ProviderBrowser = browser, email = owner): Promise<Answer> =>
  by.post('/auth/sign-in/email', { email, password: goodPassword });
const connected = async (by: ProviderBrowser = browser): Promise<ConnectedProvidersAnswer> =>
  (await by.get('/auth/account/providers')).body as ConnectedProvidersAnswer;
const eventsOf = async (type: string) => (await harness.events()).filter((event) => event['type'] === type);

async function connect(person: StandInClaims, by: ProviderBrowser = browser): Promise<Answer> {
  const location = await begin(by, '/auth/account/providers', { provider: 'acme' });
  const back = standIn.authorize(location, person);
  return by.get(back.pathname + back.search);
}

describe(onDatabase('a provider that is connected by its signed-in owner'), () => {
  beforeEach(async () => {
    await harness.makeUser(owner);
    await signInWithPassword();
  });

  it('signs in from then on, whatever address it has, and the owner is told', async () => {
    const answer = await connect(ada);
    expect([answer.status, placeOf(answer)]).toEqual([303, '/auth/security']);
    expect(await connected()).toMatchObject({
      connected: [{ provider: 'acme', name: 'Acme SSO', kind: 'oidc', email: ada.email, isOffered: true }],
      available: [],
      hasPassword: true,
    });
    expect((await eventsOf('provider.connected'))[0]?.['details']).toContain('"how":"signed-in"');
    expect((await harness.mailTo(owner, 1))[0]?.kind).toBe('provider-connected');
    const other = openBrowser(harness);
    await signInAt(standIn, other, ada);
    expect(await other.caller()).toMatchObject({ profile: { email: owner } });
  });

  it('is refused after a while without a fresh proof', async () => {
    harness.advance(11 * 60);
    const answer = await browser.post('/auth/account/providers', { provider: 'acme' });
    expect([answer.status, answer.body]).toMatchObject([401, { code: 'SP_STEP_UP_REQUIRED' }]);
  });

  it('is refused where it is connected to another account', async () => {
    await signInAt(standIn, openBrowser(harness), ada);
    expect(placeOf(await connect(ada))).toBe('/auth/security?provider=acme&refused=SP_PROVIDER_CONNECTED_ELSEWHERE');
    expect((await connected()).connected).toEqual([]);
  });

  it('is refused where another identity of it is connected, and changes nothing where it is the same', async () => {
    await connect(ada);
    expect(placeOf(await connect(ada))).toBe('/auth/security');
    expect(placeOf(await connect({ ...ada, sub: 'eve-1' }))).toContain('SP_PROVIDER_CONNECTED_ELSEWHERE');
    expect((await connected()).connected).toHaveLength(1);
  });

  it('is refused when the session ended on the way', async () => {
    const back = standIn.authorize(await begin(browser, '/auth/account/providers', { provider: 'acme' }), ada);
    const caller = await browser.caller();
    await harness.identity.accounts.endSessions(caller?.kind === 'user' ? caller.id : '');
    expect(placeOf(await browser.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect(await harness.database.records.count({ model: 'sallyportExternalIdentity' })).toBe(0);
  });

  it('is connected to the account that asked, also when the browser has another session by then', async () => {
    const back = standIn.authorize(await begin(browser, '/auth/account/providers', { provider: 'acme' }), ada);
    await harness.makeUser('other@example.test');
    const first = await browser.caller();
    await signInWithPassword(browser, 'other@example.test');
    // The other sign-in ended the session that asked.
    expect(placeOf(await browser.get(back.pathname + back.search))).toContain('SP_PROVIDER_FLOW_INVALID');
    expect(first?.kind).toBe('user');
    expect(await harness.database.records.count({ model: 'sallyportExternalIdentity' })).toBe(0);
  });

  it('cannot be connected by a stranger', async () => {
    const answer = await openBrowser(harness).post('/auth/account/providers', { provider: 'acme' });
    expect([answer.status, answer.body]).toMatchObject([401, { code: 'SP_UNAUTHENTICATED' }]);
  });
});

describe(onDatabase('a provider that is disconnected'), () => {
  const idOf = async (): Promise<string> => (await connected()).connected[0]?.id ?? '';

  it('signs in no more, its other sessions end, and the owner is told', async () => {
    await harness.makeUser(owner);
    await signInWithPassword();
    await connect(ada);
    const other = openBrowser(harness);
    await signInAt(standIn, other, ada);
    expect((await browser.delete(`/auth/account/providers/${await idOf()}`)).status).toBe(204);
    expect(await other.caller()).toBeUndefined();
    expect(await browser.caller()).toBeDefined();
    expect((await connected()).connected).toEqual([]);
    expect((await harness.mailTo(owner, 2)).map(({ kind }) => kind)).toContain('provider-disconnected');
  });

  it('is refused where it is the last way to sign in', async () => {
    await signInAt(standIn, browser, ada);
    const answer = await browser.delete(`/auth/account/providers/${await idOf()}`);
    expect([answer.status, answer.body]).toMatchObject([409, { code: 'SP_LAST_SIGN_IN_METHOD' }]);
    expect((await connected()).connected).toHaveLength(1);
    // The way out: a password, by mail.
    await browser.post('/auth/request-password-reset', { email: ada.email });
    const token = await harness.linkToken(ada.email, 'reset-password', 1);
    await browser.post('/auth/reset-password', { token, newPassword: goodPassword });
    await signInWithPassword(browser, ada.email);
    expect((await browser.delete(`/auth/account/providers/${await idOf()}`)).status).toBe(204);
  });

  it('is refused without a fresh proof, for the identity of another, and for what is none', async () => {
    await signInAt(standIn, browser, ada);
    const id = await idOf();
    await harness.makeUser(owner);
    const other = openBrowser(harness);
    await signInWithPassword(other);
    for (const handle of [id, 'unknown', '../x'])
      expect((await other.delete(`/auth/account/providers/${encodeURIComponent(handle)}`)).status).toBe(404);
    harness.advance(11 * 60);
    expect((await browser.delete(`/auth/account/providers/${id}`)).body).toMatchObject({ code: 'SP_STEP_UP_REQUIRED' });
  });
});

describe(onDatabase('a session that is confirmed at a provider'), () => {
  const seconds = (): number => Math.floor(Date.now() / 1000);
  const confirm = async (person: StandInClaims): Promise<Answer> => {
    const location = await begin(browser, '/auth/step-up/provider', { provider: 'acme', returnTo: '/orders' });
    expect(new URL(location).searchParams.get('prompt')).toBe('login');
    expect(new URL(location).searchParams.get('max_age')).toBe('0');
    const back = standIn.authorize(location, person);
    return browser.get(back.pathname + back.search);
  };
  const authTime = (caller: Caller | undefined): number => (caller?.kind === 'user' ? caller.authTime.getTime() : 0);

  it('counts as signed in anew under another token', async () => {
    await signInAt(standIn, browser, ada);
    const before = [await browser.caller(), browser.cookies.get('sallyport-3000')] as const;
    harness.advance(1000);
    expect(placeOf(await confirm({ ...ada, auth_time: Math.floor(harness.now().getTime() / 1000) }))).toBe('/orders');
    expect(authTime(await browser.caller())).toBeGreaterThan(authTime(before[0]));
    expect(browser.cookies.get('sallyport-3000')).not.toBe(before[1]);
    expect(await eventsOf('provider.stepped-up')).toHaveLength(1);
  });

  it.each([
    { name: 'that does not say when', claims: () => ({}), code: 'SP_PROVIDER_NOT_FRESH' },
    { name: 'that was before', claims: () => ({ auth_time: seconds() - 3600 }), code: 'SP_PROVIDER_NOT_FRESH' },
    {
      name: 'of another identity',
      claims: () => ({ sub: 'eve', auth_time: seconds() + 1 }),
      code: 'CONNECTED_ELSEWHERE',
    },
  ])('is refused with a sign-in $name', async ({ claims, code }) => {
    await signInAt(standIn, browser, ada);
    const before = browser.cookies.get('sallyport-3000');
    expect(placeOf(await confirm({ ...ada, ...claims() }))).toMatch(new RegExp(`^/auth/confirm\\?.*${code}`));
    expect(browser.cookies.get('sallyport-3000')).toBe(before);
  });

  it('is refused where the account has a second factor: the provider alone is not enough', async () => {
    await signInAt(standIn, browser, ada);
    await browser.post('/auth/second-factor/totp/start');
    const caller = await browser.caller();
    const userId = caller?.kind === 'user' ? caller.id : '';
    await harness.database.records.updateMany({
      model: 'sallyportFactor',
      where: [{ field: 'userId', value: userId }],
      update: { confirmedAt: harness.now(), slot: `${userId}:totp` },
    });
    // The session itself is too weak from now on, so that it can confirm nothing.
    const answer = await browser.post('/auth/step-up/provider', { provider: 'acme' });
    expect([answer.status, answer.body]).toMatchObject([401, { code: 'SP_UNAUTHENTICATED' }]);
  });

  const offered = async (): Promise<unknown> =>
    ((await browser.get('/auth/step-up')).body as { readonly methods: unknown }).methods;

  it('is offered to a user who has no password, in place of one', async () => {
    await signInAt(standIn, browser, ada);
    expect(await offered()).toEqual([{ method: 'provider', id: 'acme', name: 'Acme SSO', kind: 'oidc' }]);
    harness.advance(3600);
    // Whatever protects the account can be changed afterwards.
    expect((await browser.post('/auth/second-factor/totp/start')).status).toBe(401);
    await confirm({ ...ada, auth_time: Math.floor(harness.now().getTime() / 1000) });
    expect((await browser.post('/auth/second-factor/totp/start')).status).toBe(200);
  });

  it('is offered beside the password to a user who has both, and no provider that is not connected', async () => {
    await harness.makeUser(owner);
    await signInWithPassword();
    expect(await offered()).toEqual([{ method: 'password' }]);
    await connect(ada);
    expect(await offered()).toMatchObject([{ method: 'password' }, { method: 'provider', id: 'acme' }]);
  });

  it('is for providers that are connected', async () => {
    await harness.makeUser(owner);
    await signInWithPassword();
    expect((await browser.post('/auth/step-up/provider', { provider: 'acme' })).status).toBe(404);
  });
});
