import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginSignIn, codeOf, makeAppOwner, setUpApp, verify, type AppOwner } from './factor.test-support.ts';
import { goodPassword, onDatabase, startHarness, type Harness } from '../../identity.test-support.ts';

const email = 'robin@example.test';
const rightSignIn = { email, password: goodPassword };

let harness: Harness;
let owner: AppOwner;
beforeEach(async () => {
  harness = await startHarness();
  owner = await makeAppOwner(harness, email);
});
afterEach(() => harness.close());

const right = (steps = 0) => codeOf(harness, owner.secret, steps);
const expired = { status: 401, body: { code: 'SP_SIGN_IN_EXPIRED' }, cookie: undefined };

describe(onDatabase('second factor: a right password, where there is a second factor'), () => {
  it('makes no session, and says what is asked for', async () => {
    const before = await harness.sessions.listLive(owner.id, harness.now());
    const { answer } = await beginSignIn(harness, email);
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'second-factor-required', methods: ['totp', 'recovery-code'], returnTo: '/' },
      cookie: undefined,
    });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^sallyport-3000-pending=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/),
    ]);
    expect(answer.text).not.toContain(answer.pending);
    expect(await harness.sessions.listLive(owner.id, harness.now())).toHaveLength(before.length);
  });

  it('hands out a cookie with the prefix of the session cookie on https', async () => {
    const secure = await startHarness({ publicUrl: 'https://app.example.test' });
    await makeAppOwner(secure, email);
    const { answer } = await beginSignIn(secure, email);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-sallyport-pending=[^;]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/),
    ]);
    await secure.close();
  });

  it('opens nothing: what it hands out is no session', async () => {
    const { answer, headers } = await beginSignIn(harness, email);
    expect(await harness.identity.directory.byToken(answer.pending ?? '')).toBeNull();
    for (const path of ['/auth/sessions', '/auth/second-factor', '/auth/step-up'])
      expect(await harness.call('GET', path, undefined, { headers: headers ?? {} })).toMatchObject({ status: 401 });
    const start = await harness.call('POST', '/auth/second-factor/totp/start', undefined, { headers: headers ?? {} });
    expect(start).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
  });

  it('stores neither its handle nor the secret of the app', async () => {
    const { answer } = await beginSignIn(harness, email);
    const text = await harness.dump();
    for (const secret of [answer.pending ?? '-', owner.secret, ...owner.recoveryCodes])
      expect(text).not.toContain(secret);
    expect(text).toContain('$argon2id$');
  });

  it('is no different from a wrong one to a caller who does not know it', async () => {
    const { text, status } = await harness.call('POST', '/auth/sign-in/email', { email, password: 'wrong' });
    const unknown = await harness.call('POST', '/auth/sign-in/email', { email: 'unknown@x.test', password: 'wrong' });
    expect({ text, status }).toEqual({ text: unknown.text, status: unknown.status });
  });

  it('tells the page what to ask for', async () => {
    const pending = await beginSignIn(harness, email);
    expect(await harness.call('GET', '/auth/second-factor/pending', undefined, pending)).toMatchObject({
      body: { status: 'pending', purpose: 'verify', methods: [{ method: 'totp' }], hasRecoveryCodes: true },
    });
    expect(await harness.call('GET', '/auth/second-factor/pending')).toMatchObject({ body: { status: 'none' } });
  });
});

describe(onDatabase('second factor: a sign-in that waits'), () => {
  it.each([
    { name: 'the password is reset', change: resetPassword },
    { name: 'the roles change', change: () => harness.identity.accounts.setRoles(owner.id, ['vendor']) },
    { name: 'another factor is set up', change: () => setUpApp(harness, { caller: owner.caller }) },
    {
      name: 'the user is banned',
      change: () =>
        harness.database.records.updateMany({
          model: 'user',
          where: [{ field: 'id', value: owner.id }],
          update: { bannedAt: harness.now() },
        }),
    },
  ])('is void when $name', async ({ change }) => {
    const pending = await beginSignIn(harness, email);
    await change();
    harness.advance(30);
    expect(await verify(harness, pending, right())).toMatchObject(expired);
  });

  it('is given up by a user who begins again', async () => {
    const pending = await beginSignIn(harness, email);
    const answer = await harness.call('POST', '/auth/second-factor/cancel', undefined, pending);
    expect(answer).toMatchObject({ status: 204, pending: '' });
    expect(await verify(harness, pending, right())).toMatchObject(expired);
  });

  it('is not found by a cookie that is there twice', async () => {
    const { answer } = await beginSignIn(harness, email);
    const cookie = `sallyport-3000-pending=${answer.pending}; sallyport-3000-pending=${'A'.repeat(43)}`;
    expect(await verify(harness, { headers: { cookie } }, right())).toMatchObject(expired);
  });

  it('is not found by the value of the session cookie, nor the other way round', async () => {
    const signedIn = await verify(harness, await beginSignIn(harness, email), right());
    const cookie = `sallyport-3000-pending=${signedIn.cookie}`;
    expect(await verify(harness, { headers: { cookie } }, right(1))).toMatchObject(expired);
  });

  async function resetPassword(): Promise<void> {
    await harness.call('POST', '/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password', 2);
    await harness.call('POST', '/auth/reset-password', { token, newPassword: 'another-kettle-of-north-fish' });
  }
});

describe(onDatabase('second factor: a new password by mail'), () => {
  it('keeps the second factor: it is asked for as before', async () => {
    await harness.call('POST', '/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password', 2);
    const newPassword = 'another-kettle-of-north-fish';
    const reset = await harness.call('POST', '/auth/reset-password', { token, newPassword });
    expect(reset).toMatchObject({ status: 200, cookie: undefined });
    const answer = await harness.call('POST', '/auth/sign-in/email', { email, password: newPassword });
    expect(answer).toMatchObject({ body: { status: 'second-factor-required' }, cookie: undefined });
  });
});

it('a second factor is not asked of a user who has none', async () => {
  await harness.makeUser('kim@example.test');
  const answer = await harness.call('POST', '/auth/sign-in/email', { ...rightSignIn, email: 'kim@example.test' });
  expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in' } });
});
