import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
import { openBrowser, signInAt, startProviderHarness, type ProviderBrowser } from './provider.test-support.ts';
import { startProviderStandIn, type ProviderStandIn } from './provider-stand-in.test-support.ts';

const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true };
const path = '/auth/providers/acme/backchannel-logout';
const event = 'http://schemas.openid.net/event/backchannel-logout';

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

const send = (token: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  harness.call('POST', path, undefined, {
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    rawBody: new URLSearchParams({ logout_token: token }).toString(),
  });
const reasons = async (): Promise<readonly string[]> =>
  (await harness.events())
    .filter(({ type }) => type === 'provider.logout-refused')
    .map(({ details }) => (JSON.parse(String(details)) as { readonly reason: string }).reason);

/** Signs in with sessions of the provider, each in its own browser, and resolves to what says whether they live. */
async function signInWith(...sids: readonly (string | undefined)[]): Promise<() => Promise<readonly boolean[]>> {
  const browsers: ProviderBrowser[] = [];
  for (const sid of sids) {
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, { ...ada, sid });
    browsers.push(browser);
  }
  return async () => {
    const live = [];
    for (const browser of browsers) live.push((await browser.caller()) !== undefined);
    return live;
  };
}

describe(onDatabase('a logout token'), () => {
  it('ends the sessions of its sid, and no other', async () => {
    const live = await signInWith('one', 'two', undefined);
    const answer = await send(await standIn.signLogoutToken({ sub: ada.sub, sid: 'one' }));
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await live()).toEqual([false, true, true]);
  });

  it('that names no subject ends the sessions of its sid', async () => {
    const live = await signInWith('one', 'two');
    expect((await send(await standIn.signLogoutToken({ sid: 'two' }))).status).toBe(200);
    expect(await live()).toEqual([true, false]);
  });

  it('that names no sid ends every session of the identity that was begun with the provider', async () => {
    const live = await signInWith('one', 'two', undefined);
    const user = await harness.identity.accounts.findByEmail(ada.email);
    expect((await send(await standIn.signLogoutToken({ sub: ada.sub }))).status).toBe(200);
    expect(await live()).toEqual([false, false, false]);
    const events = await harness.events();
    expect(events.find(({ type }) => type === 'provider.logout-received')).toMatchObject({
      target: user?.id,
      details: JSON.stringify({ provider: 'acme', sessionsEnded: 3 }),
    });
  });

  it('ends a session whose second factor came after the provider', async () => {
    await harness.close();
    const features = { secondFactor: { methods: ['email' as const], requiredFor: ['admin'] } };
    harness = await startProviderHarness(standIn, {}, { features });
    const id = await harness.makeUser(ada.email);
    await signInAt(standIn, openBrowser(harness), ada);
    await harness.identity.accounts.setRoles(id, ['admin']);
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, { ...ada, sid: 'one' });
    await browser.post('/auth/second-factor/email/start');
    const code = (await harness.mailTo(ada.email, 3)).find((message) => message.code !== null)?.code;
    expect((await browser.post('/auth/second-factor/email/confirm', { code })).status).toBe(200);
    expect(await browser.caller()).toMatchObject({ acr: 'mfa' });
    await send(await standIn.signLogoutToken({ sub: ada.sub, sid: 'one' }));
    expect(await browser.caller()).toBeUndefined();
  });

  it('leaves sessions that were begun with a password', async () => {
    await harness.makeUser(ada.email);
    const { token } = await harness.signIn(ada.email);
    await signInWith('one');
    await send(await standIn.signLogoutToken({ sub: ada.sub }));
    expect(await harness.identity.directory.byToken(token)).not.toBeNull();
  });

  it('leaves sessions that began after it was made', async () => {
    const token = await standIn.signLogoutToken({ sub: ada.sub });
    harness.advance(60);
    const live = await signInWith('one');
    expect((await send(token)).status).toBe(200);
    expect(await live()).toEqual([true]);
  });

  it('for an identity that is not known ends nothing, and is no fault', async () => {
    expect((await send(await standIn.signLogoutToken({ sub: 'unknown' }))).status).toBe(200);
    expect((await send(await standIn.signLogoutToken({ sid: 'unknown' }))).status).toBe(200);
  });

  const seconds = Math.floor(Date.now() / 1000);
  it.each([
    { name: 'of another issuer', claims: { iss: 'https://evil.test' }, reason: 'iss-wrong' },
    { name: 'for another client', claims: { aud: 'other' }, reason: 'aud-wrong' },
    { name: 'that has expired', claims: { iat: seconds - 600, exp: seconds - 300 }, reason: 'expired' },
    { name: 'that was made long ago', claims: { iat: seconds - 3600, exp: seconds + 60 }, reason: 'expired' },
    { name: 'that was made later', claims: { iat: seconds + 3600, exp: seconds + 7200 }, reason: 'iat-wrong' },
    { name: 'without an expiry', claims: { exp: undefined }, reason: 'exp-wrong' },
    { name: 'without jti', claims: { jti: undefined }, reason: 'jti-wrong' },
    { name: 'without events', claims: { events: undefined }, reason: 'events-wrong' },
    { name: 'with another event', claims: { events: { other: {} } }, reason: 'event-missing' },
    { name: 'with an event that is no object', claims: { events: { [event]: 'x' } }, reason: 'event-missing' },
    { name: 'with a nonce, like an ID token', claims: { nonce: 'x' }, reason: 'nonce-present' },
    { name: 'with neither sub nor sid', claims: { sub: undefined }, reason: 'sub-and-sid-missing' },
  ])('$name is refused', async ({ claims, reason }) => {
    const live = await signInWith('one');
    const answer = await send(await standIn.signLogoutToken({ sub: ada.sub, ...claims }));
    expect([answer.status, answer.body]).toMatchObject([400, { code: 'SP_LOGOUT_TOKEN_INVALID' }]);
    expect(await reasons()).toEqual([reason]);
    expect(await live()).toEqual([true]);
  });

  it.each([
    { name: 'of another type', header: { typ: 'at+jwt' }, reason: 'type-wrong' },
    { name: 'with another algorithm', header: { alg: 'ES384' }, reason: undefined },
    { name: 'with an unknown key', header: { kid: 'other' }, reason: 'key-unknown' },
  ])('$name is refused', async ({ header, reason }) => {
    const signing = standIn.signLogoutToken({ sub: ada.sub }, header);
    if (reason === undefined) return expect(signing).rejects.toThrow();
    expect((await send(await signing)).status).toBe(400);
    expect(await reasons()).toEqual([reason]);
  });

  it('whose signature does not hold, which is none, or is missing is refused', async () => {
    const token = await standIn.signLogoutToken({ sub: ada.sub });
    const [header = '', , signature = ''] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ sub: 'eve' })).toString('base64url');
    for (const text of [`${header}.${forged}.${signature}`, 'nothing', '']) expect((await send(text)).status).toBe(400);
    expect(await reasons()).toEqual(['signature-wrong', 'not-a-token', 'token-missing']);
    expect((await send(token, { 'content-type': 'application/json' })).status).toBe(415);
  });

  it('works once', async () => {
    const token = await standIn.signLogoutToken({ sub: ada.sub });
    expect((await send(token)).status).toBe(200);
    const again = await send(token);
    expect([again.status, again.body]).toMatchObject([400, { code: 'SP_LOGOUT_TOKEN_INVALID' }]);
    expect(await reasons()).toEqual(['replayed']);
  });

  it('is answered with 503 while the keys of the provider cannot be fetched, and works afterwards', async () => {
    const token = await standIn.signLogoutToken({ sub: ada.sub });
    standIn.lies.at = { jwks: { status: 503, body: '' } };
    expect((await send(token)).status).toBe(503);
    delete standIn.lies.at;
    expect((await send(token)).status).toBe(200);
  });

  it('for a provider that the configuration does not have is not found', async () => {
    const answer = await harness.call('POST', '/auth/providers/other/backchannel-logout', undefined, { rawBody: '' });
    expect(answer.status).toBe(404);
  });
});
