import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginSignIn, codeOf, makeAppOwner, setUpApp, verify, wrongCodeFor } from './factor.test-support.ts';
import { canRace, onDatabase, startHarness, type Harness } from '../../identity.test-support.ts';

const email = 'robin@example.test';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ features: { secondFactor: { methods: ['totp', 'email', 'sms'] } } });
});
afterEach(() => harness.close());

describe(onDatabase('second factor: an authenticator app'), () => {
  it('is set up with a secret that is shown once, to its owner', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    const answer = await harness.call('POST', '/auth/second-factor/totp/start', undefined, { caller });
    const { secret, uri } = answer.body as { readonly secret: string; readonly uri: string };
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    const url = new URL(uri);
    expect(url.protocol).toBe('otpauth:');
    expect(decodeURIComponent(url.pathname)).toContain(`localhost:${email}`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      secret,
      issuer: 'localhost',
      digits: '6',
      period: '30',
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const status = await harness.call('GET', '/auth/second-factor', undefined, { caller });
    expect(status.body).toEqual({
      factors: [],
      methods: ['totp', 'email', 'sms'],
      required: false,
      recoveryCodesLeft: 0,
    });
  });

  it('counts when its first code was right, and elevates the session under a new token', async () => {
    await harness.makeUser(email);
    const { caller, token, sid } = await harness.signIn(email);
    const { answer } = await setUpApp(harness, { caller });
    expect(answer).toMatchObject({ status: 200, body: { status: 'confirmed' } });
    expect(answer.cookie).not.toBe(token);
    expect(await harness.identity.directory.byToken(token)).toBeNull();
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    expect(session?.principal).toMatchObject({
      sid,
      acr: 'mfa',
      amr: ['pwd', 'otp'],
      generation: { session: 3, user: 2 },
    });
    expect(harness.heard).toMatchObject([
      { event: { kind: 'user', minGeneration: 2, reason: 'second-factor-added' } },
      { event: { kind: 'session', id: sid, minGeneration: 3, reason: 'stepped-up' } },
    ]);
    expect(await harness.mailTo(email, 1)).toMatchObject([{ kind: 'second-factor-added' }]);
  });

  it('comes with ten recovery codes that are all different', async () => {
    const { recoveryCodes } = await makeAppOwner(harness, email);
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes) expect(code).toMatch(/^(?:[0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
  });

  it('keeps the cookie to the absolute lifetime that the session has left', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    harness.advance(300);
    const { answer } = await setUpApp(harness, { caller });
    expect(answer.headers.get('set-cookie')).toContain(`Max-Age=${7 * 24 * 3600 - 300};`);
  });

  it('does not count while no code was right', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    const started = await harness.call('POST', '/auth/second-factor/totp/start', undefined, { caller });
    const { secret } = started.body as { readonly secret: string };
    const wrong = { code: wrongCodeFor(harness, secret) };
    const answer = await harness.call('POST', '/auth/second-factor/totp/confirm', wrong, { caller });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_CODE_INVALID' }, cookie: undefined });
    expect((await beginSignIn(harness, email)).answer).toMatchObject({ body: { status: 'signed-in' } });
  });

  it('is limited in tries also with a live session', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    const started = await harness.call('POST', '/auth/second-factor/totp/start', undefined, { caller });
    const { secret } = started.body as { readonly secret: string };
    const confirm = (code: string) => harness.call('POST', '/auth/second-factor/totp/confirm', { code }, { caller });
    for (let attempt = 0; attempt < 10; attempt += 1) await confirm(wrongCodeFor(harness, secret));
    expect(await confirm(codeOf(harness, secret))).toMatchObject({ status: 429 });
  });

  it.skipIf(!canRace())('is confirmed once when its first code is sent many times at once', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    const started = await harness.call('POST', '/auth/second-factor/totp/start', undefined, { caller });
    const { secret } = started.body as { readonly secret: string };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        harness.call('POST', '/auth/second-factor/totp/confirm', { code: codeOf(harness, secret) }, { caller }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => Object.hasOwn(body as object, 'recoveryCodes'))).toHaveLength(1);
  });

  it('does not take the code again with which it was confirmed', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    const { secret } = await setUpApp(harness, { caller });
    const answer = await verify(harness, await beginSignIn(harness, email), codeOf(harness, secret));
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_CODE_INVALID' } });
  });

  it('is set up within a quarter of an hour', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    const started = await harness.call('POST', '/auth/second-factor/totp/start', undefined, { caller });
    const { secret } = started.body as { readonly secret: string };
    harness.advance(900);
    const json = { code: codeOf(harness, secret) };
    const answer = await harness.call('POST', '/auth/second-factor/totp/confirm', json, { caller });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_CODE_INVALID' } });
  });

  it('takes the place of the one before at the moment it is confirmed, and not sooner', async () => {
    const owner = await makeAppOwner(harness, email);
    const { caller } = owner;
    const started = await harness.call('POST', '/auth/second-factor/totp/start', undefined, { caller });
    const { secret } = started.body as { readonly secret: string };
    expect(await verify(harness, await beginSignIn(harness, email), codeOf(harness, owner.secret))).toMatchObject({
      status: 200,
    });
    const json = { code: codeOf(harness, secret) };
    const answer = await harness.call('POST', '/auth/second-factor/totp/confirm', json, { caller });
    expect(answer).toMatchObject({ status: 200, body: { status: 'confirmed' } });
    expect(answer.body).not.toHaveProperty('recoveryCodes');
    harness.advance(60);
    const old = await verify(harness, await beginSignIn(harness, email), codeOf(harness, owner.secret));
    expect(old).toMatchObject({ status: 401 });
    const fresh = await verify(harness, await beginSignIn(harness, email), codeOf(harness, secret));
    expect(fresh).toMatchObject({ status: 200 });
  });

  it('ends every other session, if its owner wants that', async () => {
    const id = await harness.makeUser(email);
    const other = await harness.signIn(email);
    const { caller, sid } = await harness.signIn(email);
    const started = await harness.call('POST', '/auth/second-factor/totp/start', undefined, { caller });
    const { secret } = started.body as { readonly secret: string };
    const json = { code: codeOf(harness, secret), signOutOthers: true };
    await harness.call('POST', '/auth/second-factor/totp/confirm', json, { caller });
    expect(await harness.sessions.listLive(id, harness.now())).toMatchObject([{ sid }]);
    expect(await harness.sessions.findBySid(other.sid)).toMatchObject({ revokedBecause: 'second-factor-changed' });
  });
});

describe(onDatabase('second factor: the right code of an authenticator app'), () => {
  it.each([
    { name: 'on', methods: ['totp', 'email'], status: 200 },
    { name: 'off', methods: ['email'], status: 401 },
  ] as const)('is answered $status while apps are switched $name', async ({ methods, status }) => {
    const owner = await makeAppOwner(harness, email);
    const { database, sessions } = harness;
    const later = await startHarness({ database, sessions, features: { secondFactor: { methods } } });
    later.advance(300);
    const pending = await beginSignIn(later, email);
    const answer = await verify(later, pending, codeOf(later, owner.secret));
    await later.close();
    expect(answer).toMatchObject({ status });
  });
});
