import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginSignIn, makeAppOwner, setUpApp, verify } from './factor.test-support.ts';
import { onDatabase, startHarness, type Harness } from '../../identity.test-support.ts';

const email = 'robin@example.test';
const stepUpRequired = { status: 401, body: { code: 'SP_STEP_UP_REQUIRED' } };

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ features: { secondFactor: { methods: ['totp', 'email', 'sms'] } } });
});
afterEach(() => harness.close());

describe(onDatabase('second factor: setting up, and removing'), () => {
  it.each([
    { name: 'start', method: 'POST', path: '/auth/second-factor/totp/start' },
    { name: 'confirm', method: 'POST', path: '/auth/second-factor/totp/confirm', body: { code: '123456' } },
    { name: 'remove', method: 'DELETE', path: '/auth/second-factor/totp' },
    { name: 'new recovery codes', method: 'POST', path: '/auth/second-factor/recovery-codes/regenerate' },
    { name: 'look', method: 'GET', path: '/auth/second-factor' },
  ])('is for people who are signed in: $name', async ({ method, path, body }) => {
    expect(await harness.call(method, path, body)).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
  });

  it('asks for a recent sign-in, and says so in the words of RFC 9470', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    harness.advance(601);
    const answer = await harness.call('POST', '/auth/second-factor/totp/start', undefined, { caller });
    expect(answer).toMatchObject({ ...stepUpRequired, body: { stepUp: { maxAgeSeconds: 600 } } });
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="sallyport", error="insufficient_user_authentication", max_age=600',
    );
  });

  it.each([
    { name: 'another factor', method: 'POST', path: '/auth/second-factor/email/start' },
    { name: 'another app', method: 'POST', path: '/auth/second-factor/totp/start' },
    { name: 'removal', method: 'DELETE', path: '/auth/second-factor/totp' },
    { name: 'new recovery codes', method: 'POST', path: '/auth/second-factor/recovery-codes/regenerate' },
  ])('is not for a session without the second factor, where there is one: $name', async ({ method, path }) => {
    const id = await harness.makeUser(email);
    const weak = await harness.signIn(email);
    const { caller } = await harness.signIn(email);
    await setUpApp(harness, { caller });
    const answer = await harness.call(method, path, undefined, { caller: weak.caller });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
    expect(await harness.identity.accounts.findById(id)).toMatchObject({ generation: 2 });
  });

  it('takes away the last factor with its recovery codes, and tells the owner', async () => {
    const owner = await makeAppOwner(harness, email);
    const answer = await harness.call('DELETE', '/auth/second-factor/totp', undefined, { caller: owner.caller });
    expect(answer).toMatchObject({ status: 204 });
    expect((await harness.mailTo(email, 2))[0]).toMatchObject({ kind: 'second-factor-removed' });
    const again = await harness.call('DELETE', '/auth/second-factor/totp', undefined, { caller: owner.caller });
    expect(again).toMatchObject({ status: 404 });
    expect((await beginSignIn(harness, email)).answer).toMatchObject({ body: { status: 'signed-in' } });
    expect(await harness.database.records.count({ model: 'sallyportRecoveryCode' })).toBe(0);
  });

  it('makes new recovery codes, and voids the old ones', async () => {
    const owner = await makeAppOwner(harness, email);
    const path = '/auth/second-factor/recovery-codes/regenerate';
    const answer = await harness.call('POST', path, undefined, { caller: owner.caller });
    const { recoveryCodes } = answer.body as { readonly recoveryCodes: readonly string[] };
    expect(recoveryCodes).toHaveLength(10);
    const use = async (code = '') => verify(harness, await beginSignIn(harness, email), code, 'recovery-code');
    expect(await use(owner.recoveryCodes[0])).toMatchObject({ status: 401 });
    expect(await use(recoveryCodes[0])).toMatchObject({ status: 200 });
  });

  it('makes no recovery codes for a user without a second factor', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    const path = '/auth/second-factor/recovery-codes/regenerate';
    expect(await harness.call('POST', path, undefined, { caller })).toMatchObject({ status: 404 });
  });

  it.each(['fingerprint', 'recovery-code', '__proto__'])('knows no method %s', async (method) => {
    const { caller } = await makeAppOwner(harness, email);
    const path = `/auth/second-factor/${method}`;
    expect(await harness.call('POST', `${path}/start`, undefined, { caller })).toMatchObject({ status: 404 });
    expect(await harness.call('POST', `${path}/confirm`, { code: '1' }, { caller })).toMatchObject({ status: 404 });
    expect(await harness.call('DELETE', path, undefined, { caller })).toMatchObject({ status: 404 });
  });
});

describe(onDatabase('second factor: an administrator'), () => {
  const admin = 'ada@example.test';

  it('resets the second factor of a user, which ends their sessions and mails them', async () => {
    const owner = await makeAppOwner(harness, email);
    await harness.makeUser(admin, ['admin']);
    const { caller } = await harness.signIn(admin);
    const answer = await harness.call('DELETE', `/auth/users/${owner.id}/second-factor`, undefined, { caller });
    expect(answer).toMatchObject({ status: 204 });
    expect(await harness.identity.directory.bySid(owner.sid)).toBeNull();
    expect((await harness.mailTo(email, 2))[0]).toMatchObject({ kind: 'second-factor-reset' });
    expect((await beginSignIn(harness, email)).answer).toMatchObject({ body: { status: 'signed-in' } });
    const event = (await harness.events()).find(({ type }) => type === 'second-factor.reset');
    expect(event).toMatchObject({ target: owner.id, details: JSON.stringify({ methods: ['totp'] }) });
  });

  it.each([
    { name: 'a user without the permission', roles: ['user'], status: 403, code: 'SP_FORBIDDEN' },
    { name: 'an old sign-in', roles: ['admin'], age: 601, status: 401, code: 'SP_STEP_UP_REQUIRED' },
  ])('cannot be $name', async ({ roles, age = 0, status, code }) => {
    const owner = await makeAppOwner(harness, email);
    await harness.makeUser(admin, roles);
    const { caller } = await harness.signIn(admin);
    harness.advance(age);
    const answer = await harness.call('DELETE', `/auth/users/${owner.id}/second-factor`, undefined, { caller });
    expect(answer).toMatchObject({ status, body: { code } });
    expect((await beginSignIn(harness, email)).answer).toMatchObject({ body: { status: 'second-factor-required' } });
  });

  it('does not get around the rules for the own account, nor resets an account that does not exist', async () => {
    const owner = await makeAppOwner(harness, admin, ['admin']);
    const reset = (id: string) =>
      harness.call('DELETE', `/auth/users/${id}/second-factor`, undefined, { caller: owner.caller });
    expect(await reset(owner.id)).toMatchObject({ status: 403 });
    expect(await reset('unknown')).toMatchObject({ status: 404 });
  });
});
