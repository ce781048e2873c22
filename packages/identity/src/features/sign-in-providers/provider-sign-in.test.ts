import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, onDatabase, type Harness } from '../../identity.test-support.ts';
import { begin, openBrowser, placeOf, signInAt, startProviderHarness } from './provider.test-support.ts';
import { startProviderStandIn, type ProviderStandIn } from './provider-stand-in.test-support.ts';

const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true, name: 'Ada Byron' };

let standIn: ProviderStandIn;
let harness: Harness;
beforeEach(async () => {
  standIn = await startProviderStandIn();
  harness = await startProviderHarness(standIn);
});
afterEach(async () => {
  await harness.close();
  await standIn.close();
});

const eventsOf = async (type: string) => (await harness.events()).filter((event) => event['type'] === type);
const identities = () =>
  harness.database.records.findMany<Record<string, unknown>>({ model: 'sallyportExternalIdentity' });

describe(onDatabase('a first sign-in with a provider'), () => {
  it('makes an account with a confirmed address, connects the identity and begins a session', async () => {
    const browser = openBrowser(harness);
    const answer = await signInAt(standIn, browser, ada);
    expect([answer.status, placeOf(answer)]).toEqual([303, '/']);
    const caller = await browser.caller();
    expect(caller).toMatchObject({ kind: 'user', acr: 'pwd', amr: ['fed'], roles: ['user'] });
    expect(await harness.identity.accounts.findByEmail(ada.email)).toMatchObject({
      name: 'Ada Byron',
      emailVerified: true,
    });
    expect(await identities()).toMatchObject([
      { provider: 'acme', issuer: standIn.issuer, subject: 'ada-1', email: ada.email },
    ]);
    expect((await eventsOf('provider.connected'))[0]?.['details']).toContain('"how":"sign-up"');
    expect(await eventsOf('sign-in.succeeded')).toHaveLength(1);
  });

  it('asks with PKCE, state and nonce, and redeems with the verifier', async () => {
    const browser = openBrowser(harness);
    const asked = new URL(await begin(browser)).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      client_id: 'sallyport',
      redirect_uri: 'http://localhost:3000/auth/callback/acme',
      scope: 'openid profile email',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)?.length).toBeGreaterThanOrEqual(43);
    await signInAt(standIn, browser, ada);
    expect(standIn.lastTokenRequest().get('code_verifier')).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('leads back to the page that was asked for, and to no other site', async () => {
    for (const [returnTo, expected] of [
      ['/orders?page=2', '/orders?page=2'],
      ['https://evil.test/', '/'],
      ['//evil.test', '/'],
    ] as const) {
      const browser = openBrowser(harness);
      const location = await begin(browser, '/auth/sign-in/provider', { provider: 'acme', returnTo });
      const back = standIn.authorize(location, ada);
      expect(placeOf(await browser.get(back.pathname + back.search))).toBe(expected);
    }
  });

  it('leaves nothing behind at this side before the answer', async () => {
    const before = await harness.dump();
    for (let round = 0; round < 5; round += 1) await begin(openBrowser(harness));
    expect(await harness.dump()).toBe(before);
  });

  it('keeps nothing secret of it in rows, logs and answers', async () => {
    const browser = openBrowser(harness);
    const back = standIn.authorize(await begin(browser), ada);
    const flow = browser.cookies.get('sallyport-3000-provider') ?? 'missing';
    const answer = await browser.get(back.pathname + back.search);
    const verifier = standIn.lastTokenRequest().get('code_verifier') ?? 'missing';
    const kept = [await harness.dump(), harness.logLines.join('\n'), answer.text].join('\n');
    for (const secret of [back.searchParams.get('code') ?? 'missing', verifier, flow, standIn.clientSecret])
      expect(kept).not.toContain(secret);
  });
});

describe(onDatabase('a later sign-in'), () => {
  it('goes by issuer and subject, whatever the address is by then', async () => {
    await signInAt(standIn, openBrowser(harness), ada);
    const before = await harness.identity.accounts.findByEmail(ada.email);
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, { ...ada, email: 'other@example.test' });
    expect(await browser.caller()).toMatchObject({ id: before?.id });
    expect(await harness.identity.accounts.findByEmail('other@example.test')).toBeNull();
  });

  it('ends the session that the browser had', async () => {
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, ada);
    const first = await browser.caller();
    await signInAt(standIn, browser, ada);
    const sid = first?.kind === 'user' ? (first.sid ?? '') : '';
    expect(await harness.sessions.findBySid(sid)).toMatchObject({ revokedBecause: 'replaced-by-sign-in' });
  });

  it('is refused for a banned account', async () => {
    await signInAt(standIn, openBrowser(harness), ada);
    const user = await harness.identity.accounts.findByEmail(ada.email);
    await harness.identity.accounts.setBanned(user?.id ?? '', true);
    const browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, ada))).toBe(
      '/auth/sign-in?provider=acme&refused=SP_ACCOUNT_DISABLED',
    );
    expect(await browser.caller()).toBeUndefined();
  });

  it('makes a new account where the one before was deleted', async () => {
    await signInAt(standIn, openBrowser(harness), ada);
    const user = await harness.identity.accounts.findByEmail(ada.email);
    await harness.identity.accounts.deleteUser(user?.id ?? '');
    expect(await identities()).toEqual([]);
    await signInAt(standIn, openBrowser(harness), ada);
    expect((await harness.identity.accounts.findByEmail(ada.email))?.id).not.toBe(user?.id);
  });
});

describe(onDatabase('an address that has an account'), () => {
  it('is connected where both sides proved it, and its owner is told', async () => {
    const id = await harness.makeUser(ada.email);
    const browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, ada))).toBe('/');
    expect(await browser.caller()).toMatchObject({ id });
    expect((await eventsOf('provider.connected'))[0]?.['details']).toContain('"how":"same-address"');
    expect((await harness.mailTo(ada.email, 1)).map(({ kind }) => kind)).toContain('provider-connected');
  });

  it.each([
    { name: 'the provider did not prove it', claims: { email_verified: false } },
    { name: 'the provider says so with a word', claims: { email_verified: 'true' } },
    { name: 'the provider does not say', claims: { email_verified: undefined } },
    { name: 'the provider is not believed about the domain', claims: { email: 'ada@elsewhere.test' } },
  ])('is not entered where $name: its owner gets a mail, and the browser no session', async ({ claims }) => {
    const person = { ...ada, ...claims };
    await harness.makeUser(person.email);
    const browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, person))).toBe('/auth/check-mail');
    expect(await browser.caller()).toBeUndefined();
    expect(await identities()).toEqual([]);
    expect((await harness.mailTo(person.email, 1))[0]?.kind).toBe('provider-address-taken');
  });

  it('of an operator that was never confirmed is not entered', async () => {
    await harness.identity.accounts.createUser({
      name: 'Ada',
      email: ada.email,
      password: goodPassword,
      roles: ['admin'],
      emailVerified: false,
    });
    const browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, ada))).toContain('refused=SP_EMAIL_UNVERIFIED');
    expect(await browser.caller()).toBeUndefined();
  });

  it('of a sign-up by a stranger gives way to the proof: the password of the stranger opens nothing', async () => {
    await harness.call('POST', '/auth/sign-up/email', { name: 'Mallory', email: ada.email, password: goodPassword });
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, ada);
    expect(await browser.caller()).toMatchObject({ profile: { name: 'Ada Byron' } });
    const answer = await harness.call('POST', '/auth/sign-in/email', { email: ada.email, password: goodPassword });
    expect(answer.status).toBe(401);
  });
});

describe(onDatabase('an address that the provider did not prove'), () => {
  const unproved = { ...ada, email: 'ada@elsewhere.test' };

  it('is proved by mail before there is a session, in the browser that signed in', async () => {
    const browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, unproved))).toBe('/auth/check-mail');
    expect(await browser.caller()).toBeUndefined();
    const token = await harness.linkToken(unproved.email, 'provider-confirm-address');
    expect((await browser.post('/auth/verify-email', { token })).status).toBe(200);
    expect(placeOf(await signInAt(standIn, browser, unproved))).toBe('/');
    expect(await browser.caller()).toMatchObject({ profile: { email: unproved.email } });
  });

  it('opened in another browser drops the identity: it may be the one of a stranger', async () => {
    await signInAt(standIn, openBrowser(harness), unproved);
    const token = await harness.linkToken(unproved.email, 'provider-confirm-address');
    const owner = openBrowser(harness);
    expect((await owner.post('/auth/verify-email', { token })).status).toBe(422);
    const chosen = { token, name: 'The owner', newPassword: goodPassword };
    expect((await owner.post('/auth/verify-email', chosen)).status).toBe(200);
    expect(await identities()).toEqual([]);
    const stranger = openBrowser(harness);
    await signInAt(standIn, stranger, unproved);
    expect(await stranger.caller()).toBeUndefined();
  });

  it('is asked for again at the next sign-in, with one account that waits', async () => {
    await signInAt(standIn, openBrowser(harness), unproved);
    await signInAt(standIn, openBrowser(harness), unproved);
    expect(await harness.database.records.count({ model: 'user' })).toBe(1);
    expect(await identities()).toHaveLength(1);
    expect(await harness.mailTo(unproved.email, 2)).toHaveLength(2);
  });

  it('gets the same answer with an account and without', async () => {
    await harness.makeUser('known@elsewhere.test');
    const answers = [];
    for (const [sub, email] of [
      ['a', 'known@elsewhere.test'],
      ['b', 'unknown@elsewhere.test'],
    ] as const) {
      const answer = await signInAt(standIn, openBrowser(harness), { ...ada, sub, email });
      const cookies = answer.headers.getSetCookie().map((line) => line.replace(/=[^;]+/, '='));
      answers.push([answer.status, placeOf(answer), cookies]);
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it('is refused where the provider gives none', async () => {
    const { email: _, ...nameless } = ada;
    expect(placeOf(await signInAt(standIn, openBrowser(harness), nameless))).toContain(
      'refused=SP_PROVIDER_EMAIL_MISSING',
    );
  });
});

describe(onDatabase('a provider that makes no accounts'), () => {
  beforeEach(async () => {
    await harness.close();
    harness = await startProviderHarness(standIn, { signUp: false });
  });

  it('signs in who has one', async () => {
    await harness.makeUser(ada.email);
    const browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, ada))).toBe('/');
    expect(await browser.caller()).toBeDefined();
  });

  it.each([true, false])('refuses everyone else, with a proved address: %s', async (isProved) => {
    const person = { ...ada, email_verified: isProved };
    expect(placeOf(await signInAt(standIn, openBrowser(harness), person))).toContain('SP_PROVIDER_SIGN_UP_OFF');
    expect(await harness.database.records.count({ model: 'user' })).toBe(0);
  });
});

describe(onDatabase('how strong a sign-in with a provider is'), () => {
  it('is that of a password, whatever the provider calls it', async () => {
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, { ...ada, acr: 'urn:example:mfa', amr: ['mfa', 'hwk'] });
    expect(await browser.caller()).toMatchObject({ acr: 'pwd', amr: ['fed'] });
  });

  it('is what the configuration says of its acr', async () => {
    await harness.close();
    harness = await startProviderHarness(standIn, { trustAcr: { 'urn:example:mfa': 'mfa' } });
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, { ...ada, acr: 'urn:example:mfa', amr: ['otp', 'bad\nword'] });
    expect(await browser.caller()).toMatchObject({ acr: 'mfa', amr: ['fed', 'otp'] });
  });

  it('dates from when the user signed in there, is never later than now, and is unknown where it is not said', async () => {
    const seconds = Math.floor(Date.now() / 1000);
    for (const [said, expected] of [
      [seconds - 3600, (seconds - 3600) * 1000],
      [undefined, 0],
    ] as const) {
      const browser = openBrowser(harness);
      await signInAt(standIn, browser, { ...ada, auth_time: said });
      const caller = await browser.caller();
      expect(caller?.kind === 'user' && caller.authTime.getTime()).toBe(expected);
    }
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, { ...ada, auth_time: seconds + 3600 });
    const caller = await browser.caller();
    expect(caller?.kind === 'user' && caller.authTime.getTime()).toBeLessThanOrEqual(harness.now().getTime());
  });

  it('is not enough for an account that requires a second factor: the browser is led to it', async () => {
    await harness.close();
    harness = await startProviderHarness(
      standIn,
      {},
      { features: { secondFactor: { methods: ['email'], requiredFor: ['admin'] } } },
    );
    const id = await harness.makeUser(ada.email);
    await signInAt(standIn, openBrowser(harness), ada);
    await harness.identity.accounts.setRoles(id, ['admin']);
    const browser = openBrowser(harness);
    const answer = await signInAt(standIn, browser, ada);
    expect(placeOf(answer)).toBe('/auth/two-step/set-up');
    expect(answer.pending).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await browser.caller()).toBeUndefined();
  });

  it('connects no account that requires a second factor: its owner does that, signed in', async () => {
    await harness.close();
    harness = await startProviderHarness(
      standIn,
      {},
      { features: { secondFactor: { methods: ['email'], requiredFor: ['admin'] } } },
    );
    await harness.makeUser(ada.email, ['admin']);
    const browser = openBrowser(harness);
    const answer = await signInAt(standIn, browser, ada);
    expect(placeOf(answer)).toBe('/auth/sign-in?provider=acme&refused=SP_STEP_UP_REQUIRED');
    expect([answer.pending, await identities()]).toEqual([undefined, []]);
  });
});
