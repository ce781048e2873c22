import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, makeAppOwner } from '../second-factor/factor.test-support.ts';
import { canRace, onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
import {
  begin,
  openBrowser,
  placeOf,
  signInAt,
  startProviderHarness,
  type ProviderBrowser,
} from './provider.test-support.ts';
import { startProviderStandIn, type ProviderStandIn } from './provider-stand-in.test-support.ts';

const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true };

let standIn: ProviderStandIn;
let harness: Harness;
let userId: string;
beforeEach(async () => {
  standIn = await startProviderStandIn();
  const features = { secondFactor: { methods: ['email' as const, 'totp' as const], requiredFor: ['admin'] } };
  harness = await startProviderHarness(standIn, {}, { features });
  userId = await harness.makeUser(ada.email);
  await signInAt(standIn, openBrowser(harness), ada);
});
afterEach(async () => {
  await harness.close();
  await standIn.close();
});

/** A token that the provider makes now, by the clock of the test. */
const sign = (claims: Readonly<Record<string, unknown>>): Promise<string> => {
  const iat = Math.floor(harness.now().getTime() / 1000);
  return standIn.signLogoutToken({ iat, exp: iat + 120, ...claims });
};
const sendToken = (token: string): Promise<Answer> =>
  harness.call('POST', '/auth/providers/acme/backchannel-logout', undefined, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    rawBody: new URLSearchParams({ logout_token: token }).toString(),
  });
const send = async (claims: Readonly<Record<string, unknown>>): Promise<Answer> => sendToken(await sign(claims));
const liveSessions = async (): Promise<number> => (await harness.sessions.listLive(userId, harness.now())).length;
const isWaiting = async (browser: ProviderBrowser): Promise<boolean> =>
  ((await browser.get('/auth/second-factor/pending')).body as { readonly status: string }).status === 'pending';

/** Signs in with a session of the provider, up to the question for a second factor that is to be set up. */
async function signInHalfway(sid = 'one'): Promise<ProviderBrowser> {
  await harness.identity.accounts.setRoles(userId, ['admin']);
  const browser = openBrowser(harness);
  await signInAt(standIn, browser, { ...ada, sid });
  expect(await isWaiting(browser)).toBe(true);
  return browser;
}

/** Has a code mailed, and resolves to it. */
async function codeFor(browser: ProviderBrowser): Promise<string | null | undefined> {
  const codes = async () => (await harness.mailTo(ada.email, 0)).flatMap(({ code }) => code ?? []);
  const before = (await codes()).length;
  expect((await browser.post('/auth/second-factor/email/start')).status).toBe(200);
  await expect.poll(async () => (await codes()).length).toBeGreaterThan(before);
  return (await codes())[0];
}

describe(onDatabase('a logout token for a sign-in that waits for its second factor'), () => {
  it.each([
    { name: 'of its sid', claims: { sub: ada.sub, sid: 'one' } },
    { name: 'of its sid without a subject', claims: { sid: 'one' } },
    { name: 'of its subject', claims: { sub: ada.sub } },
  ])('$name voids it: no session is made, and no factor set up', async ({ claims }) => {
    const browser = await signInHalfway();
    const code = await codeFor(browser);
    const before = await liveSessions();
    expect((await send(claims)).status).toBe(200);
    expect(await isWaiting(browser)).toBe(false);
    const answer = await browser.post('/auth/second-factor/email/confirm', { code });
    expect([answer.status, answer.cookie]).toEqual([401, undefined]);
    expect(await browser.caller()).toBeUndefined();
    expect(await liveSessions()).toBeLessThanOrEqual(before);
    const factors = await harness.database.records.findMany<{ readonly confirmedAt: Date | null }>({
      model: 'sallyportFactor',
    });
    expect(factors.filter(({ confirmedAt }) => confirmedAt !== null)).toEqual([]);
  });

  it('of another sid, of another identity, or made before it, leaves it', async () => {
    const held = await sign({ sub: ada.sub });
    harness.advance(60);
    const browser = await signInHalfway();
    const code = await codeFor(browser);
    await send({ sub: ada.sub, sid: 'two' });
    await send({ sub: 'eve-1' });
    expect((await sendToken(held)).status).toBe(200);
    expect((await browser.post('/auth/second-factor/email/confirm', { code })).status).toBe(200);
    expect(await browser.caller()).toMatchObject({ acr: 'mfa' });
  });

  it('leaves a later sign-in with the same session of the provider', async () => {
    await signInHalfway();
    await send({ sub: ada.sub, sid: 'one' });
    harness.advance(60);
    const again = await signInHalfway();
    const code = await codeFor(again);
    expect((await again.post('/auth/second-factor/email/confirm', { code })).status).toBe(200);
  });

  it('ends the session as well where it comes after the second factor, however long that took', async () => {
    const browser = await signInHalfway();
    const token = await sign({ sub: ada.sub, sid: 'one' });
    harness.advance(100);
    const code = await codeFor(browser);
    expect((await browser.post('/auth/second-factor/email/confirm', { code })).status).toBe(200);
    expect((await sendToken(token)).status).toBe(200);
    expect(await browser.caller()).toBeUndefined();
  });

  it('voids one that waits for the code of an app', async () => {
    const owner = await makeAppOwner(harness, 'app@example.test');
    const robin = { sub: 'robin-1', email: 'app@example.test', email_verified: true };
    await harness.database.records.create({
      model: 'sallyportExternalIdentity',
      data: {
        identity: `${standIn.issuer} ${robin.sub}`,
        slot: `${owner.id} acme`,
        userId: owner.id,
        provider: 'acme',
        issuer: standIn.issuer,
        subject: robin.sub,
        email: robin.email,
        createdAt: harness.now(),
        lastUsedAt: harness.now(),
      },
    });
    const browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, { ...robin, sid: 'app' }))).toContain('/auth/two-step');
    await send({ sid: 'app' });
    harness.advance(30);
    const code = codeOf(harness, owner.secret);
    const answer = await browser.post('/auth/second-factor/verify', { method: 'totp', code });
    expect([answer.status, answer.body]).toMatchObject([401, { code: 'SP_SIGN_IN_EXPIRED' }]);
    expect(await browser.caller()).toBeUndefined();
  });
});

describe(onDatabase('a logout token at the same moment as'), () => {
  it.skipIf(!canRace())('the second factor leaves no session', async () => {
    for (let round = 0; round < 3; round += 1) {
      const sid = `raced-${round}`;
      const browser = await signInHalfway(sid);
      const code = await codeFor(browser);
      const [logout] = await Promise.all([
        send({ sub: ada.sub, sid }),
        browser.post('/auth/second-factor/email/confirm', { code }).catch(() => undefined),
      ]);
      expect(logout.status).toBe(200);
      expect(await browser.caller()).toBeUndefined();
      await harness.database.records.deleteMany({
        model: 'sallyportFactor',
        where: [{ field: 'userId', value: userId }],
      });
      harness.advance(61);
    }
  });

  it.skipIf(!canRace())('the answer of the provider leaves no session', async () => {
    for (let round = 0; round < 5; round += 1) {
      const sid = `answered-${round}`;
      const browser = openBrowser(harness);
      const back = standIn.authorize(await begin(browser), { ...ada, sid });
      const [logout] = await Promise.all([send({ sub: ada.sub, sid }), browser.get(back.pathname + back.search)]);
      expect(logout.status).toBe(200);
      expect(await browser.caller()).toBeUndefined();
    }
  });
});
