import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  beginSignIn,
  callerOf,
  codeOf,
  makeAppOwner,
  setUpApp,
  verify,
  wrongCodeFor,
  type AppOwner,
} from './features/second-factor/factor.test-support.ts';
import { canRace, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

const email = 'robin@example.test';
const stepUpRequired = { status: 401, body: { code: 'SP_STEP_UP_REQUIRED' } };

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
    expect(decodeURIComponent(url.pathname)).toContain(`Sallyport:${email}`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      secret,
      issuer: 'Sallyport',
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
      generation: { session: 2, user: 2 },
    });
    expect(harness.heard).toMatchObject([
      { event: { kind: 'user', minGeneration: 2, reason: 'second-factor-added' } },
      { event: { kind: 'session', id: sid, minGeneration: 2, reason: 'stepped-up' } },
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

  it('leaves other sessions alone otherwise, as weak as they were', async () => {
    await harness.makeUser(email);
    const other = await harness.signIn(email);
    const { caller } = await harness.signIn(email);
    await setUpApp(harness, { caller });
    expect(await callerOf(harness, other.sid)).toMatchObject({ acr: 'pwd' });
  });
});

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
  ])('asks a session without the second factor for it, where there is one: $name', async ({ method, path }) => {
    const id = await harness.makeUser(email);
    const weak = await harness.signIn(email);
    const { caller } = await harness.signIn(email);
    await setUpApp(harness, { caller });
    const answer = await harness.call(method, path, undefined, { caller: await callerOf(harness, weak.sid) });
    expect(answer).toMatchObject({ ...stepUpRequired, body: { stepUp: { acr: 'mfa', maxAgeSeconds: 600 } } });
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

describe(onDatabase('second factor: codes that are sent'), () => {
  const number = '+49 151 / 234-567 89';
  const plainNumber = '+4915123456789';

  const newestCode = async (to: string, count: number): Promise<string> =>
    (await harness.mailTo(to, count)).find(({ code }) => code !== null)?.code ?? '';

  async function setUpSent(method: 'email' | 'sms', caller: AppOwner['caller']): Promise<void> {
    const body = method === 'sms' ? { number } : undefined;
    await harness.call('POST', `/auth/second-factor/${method}/start`, body, { caller });
    const code = await newestCode(method === 'sms' ? plainNumber : email, 1);
    const answer = await harness.call('POST', `/auth/second-factor/${method}/confirm`, { code }, { caller });
    expect(answer).toMatchObject({ status: 200 });
    harness.advance(60);
  }

  it.each([
    { method: 'email', to: email, amr: 'mca', destination: 'r•••@example.test', channel: 'email' },
    { method: 'sms', to: plainNumber, amr: 'sms', destination: '•••• 89', channel: 'sms' },
  ] as const)('by $method are set up, asked for and sign in', async ({ method, to, amr, destination, channel }) => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    await setUpSent(method, caller);
    const pending = await beginSignIn(harness, email);
    expect(pending.answer.body).toMatchObject({ methods: [method, 'recovery-code'] });
    const shown = await harness.call('GET', '/auth/second-factor/pending', undefined, pending);
    expect(shown.body).toMatchObject({ methods: [{ method, destination }], resendSeconds: 30 });
    expect(shown.text).not.toContain(to);
    const before = (await harness.mailTo(to, 1)).length;
    expect(await harness.call('POST', '/auth/second-factor/send', { method }, pending)).toMatchObject({ status: 200 });
    const [message] = await harness.mailTo(to, before + 1);
    expect(message).toMatchObject({
      channel,
      kind: 'second-factor-code',
      code: expect.stringMatching(/^\d{6}$/) as string,
    });
    const answer = await verify(harness, pending, message?.code ?? '', method);
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    expect(session?.principal).toMatchObject({ acr: 'mfa', amr: ['pwd', amr] });
  });

  it('are stored as nothing that can be read, neither code nor number', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    await harness.call('POST', '/auth/second-factor/sms/start', { number }, { caller });
    const code = await newestCode(plainNumber, 1);
    const text = await harness.dump();
    expect(text).not.toContain(plainNumber);
    expect(text).not.toContain(`"${code}"`);
  });

  it('work in the sign-in for which they were sent, and in no other', async () => {
    await harness.makeUser(email);
    const { caller, sid } = await harness.signIn(email);
    await setUpSent('sms', caller);
    const first = await beginSignIn(harness, email);
    const second = await beginSignIn(harness, email);
    await harness.call('POST', '/auth/second-factor/send', { method: 'sms' }, first);
    const code = (await harness.mailTo(plainNumber, 2))[0]?.code ?? '';
    expect(await verify(harness, second, code, 'sms')).toMatchObject({ status: 401 });
    const stepUp = { method: 'sms', code };
    const stepUpAnswer = await harness.call('POST', '/auth/step-up', stepUp, { caller: await callerOf(harness, sid) });
    expect(stepUpAnswer).toMatchObject({ status: 401, body: { code: 'SP_CODE_INVALID' } });
    expect(await verify(harness, first, code, 'sms')).toMatchObject({ status: 200 });
  });

  it.skipIf(!canRace())('work once, for ten minutes, and only the newest', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    await setUpSent('sms', caller);
    const pending = await beginSignIn(harness, email);
    await harness.call('POST', '/auth/second-factor/send', { method: 'sms' }, pending);
    const [old] = await harness.mailTo(plainNumber, 2);
    harness.advance(31);
    await harness.call('POST', '/auth/second-factor/send', { method: 'sms' }, pending);
    const [fresh] = await harness.mailTo(plainNumber, 3);
    if (old?.code !== fresh?.code)
      expect(await verify(harness, pending, old?.code ?? '', 'sms')).toMatchObject({ status: 401 });
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => verify(harness, pending, fresh?.code ?? '', 'sms')),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('are not sent again within half a minute, and not more than six times an hour', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    await setUpSent('sms', caller);
    const pending = await beginSignIn(harness, email);
    const send = (options = pending) => harness.call('POST', '/auth/second-factor/send', { method: 'sms' }, options);
    expect(await send()).toMatchObject({ status: 200 });
    const tooSoon = await send();
    expect(tooSoon).toMatchObject({ status: 429 });
    expect(Number(tooSoon.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    // A new sign-in need not wait, but the account has six in all.
    for (let sent = 2; sent < 6; sent += 1)
      expect(await send(await beginSignIn(harness, email))).toMatchObject({ status: 200 });
    expect(await send(await beginSignIn(harness, email))).toMatchObject({ status: 429 });
    expect(await harness.mailTo(plainNumber, 6)).toHaveLength(6);
  });

  it.each(['12345', '+0151234567', '+49151abc', 'tel:+4915123456789', '+491512345678901234', ''])(
    'go to no number like "%s"',
    async (typed) => {
      await harness.makeUser(email);
      const { caller } = await harness.signIn(email);
      const answer = await harness.call('POST', '/auth/second-factor/sms/start', { number: typed }, { caller });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'number' }] } });
    },
  );

  it('are not sent to a user who has not set them up', async () => {
    await makeAppOwner(harness, email);
    const pending = await beginSignIn(harness, email);
    expect(await harness.call('POST', '/auth/second-factor/send', { method: 'sms' }, pending)).toMatchObject({
      status: 404,
    });
  });

  it('say in a text message which site they belong to, so that phones offer them on no other', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    await harness.call('POST', '/auth/second-factor/sms/start', { number }, { caller });
    const [message] = (await harness.mailTo(plainNumber, 1)) as readonly { readonly code: string | null }[];
    expect(message?.code).toMatch(/^\d{6}$/);
  });
});

describe(onDatabase('second factor: a method that is switched off'), () => {
  it('cannot be set up, is not offered, and does not count; the account still demands a second factor', async () => {
    await harness.close();
    harness = await startHarness();
    const owner = await makeAppOwner(harness, email);
    await harness.database.records.updateMany({
      model: 'sallyportFactor',
      where: [{ field: 'userId', value: owner.id }],
      update: { method: 'sms', slot: `${owner.id}:sms` },
    });
    expect(
      await harness.call(
        'POST',
        '/auth/second-factor/sms/start',
        { number: '+4915123456789' },
        { caller: owner.caller },
      ),
    ).toMatchObject({ status: 404 });
    const pending = await beginSignIn(harness, email);
    expect(pending.answer.body).toMatchObject({ status: 'second-factor-required', methods: ['recovery-code'] });
    expect(await harness.call('POST', '/auth/second-factor/send', { method: 'sms' }, pending)).toMatchObject({
      status: 404,
    });
    expect(await verify(harness, pending, '123456', 'sms')).toMatchObject({ status: 401 });
    const recovery = await verify(harness, pending, owner.recoveryCodes[0] ?? '', 'recovery-code');
    expect(recovery).toMatchObject({ status: 200 });
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
