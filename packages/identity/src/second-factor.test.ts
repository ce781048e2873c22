import { createInProcessCounters } from '@sallyport/stores';
import { SallyportError, type Counters } from '@sallyport/core';
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
import { canRace, goodPassword, isEmbedded, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

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
const wrong = () => wrongCodeFor(harness, owner.secret);
const invalid = { status: 401, body: { code: 'SP_CODE_INVALID' }, cookie: undefined };
const expired = { status: 401, body: { code: 'SP_SIGN_IN_EXPIRED' }, cookie: undefined };
const limited = { status: 429, body: { code: 'SP_TOO_MANY_ATTEMPTS' }, cookie: undefined };

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
      expect.stringMatching(/^sallyport-pending=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Strict$/),
    ]);
    expect(answer.text).not.toContain(answer.pending);
    expect(await harness.sessions.listLive(owner.id, harness.now())).toHaveLength(before.length);
  });

  it('hands out a cookie with the prefix of the session cookie on https', async () => {
    const secure = await startHarness({ publicUrl: 'https://app.example.test' });
    await makeAppOwner(secure, email);
    const { answer } = await beginSignIn(secure, email);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-sallyport-pending=[^;]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Strict; Secure$/,
      ),
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

describe(onDatabase('second factor: the right code'), () => {
  it('makes a session that is mfa, and takes the pending sign-in away', async () => {
    const pending = await beginSignIn(harness, email);
    const answer = await verify(harness, pending, right(), 'totp', { returnTo: '/account' });
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'signed-in', user: { id: owner.id, email }, returnTo: '/account' },
      pending: '',
    });
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    expect(session?.principal).toMatchObject({
      id: owner.id,
      acr: 'mfa',
      amr: ['pwd', 'otp'],
      authTime: harness.now(),
    });
    expect(answer.text).not.toContain(answer.cookie);
    const event = (await harness.events()).findLast(({ type }) => type === 'sign-in.succeeded');
    expect(event).toMatchObject({ details: JSON.stringify({ acr: 'mfa', amr: ['pwd', 'otp'] }) });
  });

  it.each([-1, 0, 1])('may be %i steps off', async (steps) => {
    expect(await verify(harness, await beginSignIn(harness, email), right(steps))).toMatchObject({ status: 200 });
  });

  it.each([-2, 2])('may not be %i steps off', async (steps) => {
    expect(await verify(harness, await beginSignIn(harness, email), right(steps))).toMatchObject(invalid);
  });

  it('may be typed in groups', async () => {
    const code = right();
    const pending = await beginSignIn(harness, email);
    expect(await verify(harness, pending, ` ${code.slice(0, 3)} ${code.slice(3)}`)).toMatchObject({ status: 200 });
  });

  it('goes home when the page to return to is not one of ours, or of the sign-in itself', async () => {
    for (const returnTo of ['//evil.test', '/second-factor', '/step-up?returnTo=/x']) {
      harness.advance(30);
      const answer = await verify(harness, await beginSignIn(harness, email), right(), 'totp', { returnTo });
      expect(answer.body).toMatchObject({ returnTo: '/' });
    }
  });

  it('ends the session that the same browser had', async () => {
    const pending = await beginSignIn(harness, email);
    await verify(harness, { ...pending, caller: owner.caller }, right());
    expect(await harness.sessions.findBySid(owner.sid)).toMatchObject({ revokedBecause: 'replaced-by-sign-in' });
  });

  it('is refused once it was used, in the next sign-in too', async () => {
    const code = right();
    await verify(harness, await beginSignIn(harness, email), code);
    expect(await verify(harness, await beginSignIn(harness, email), code)).toMatchObject(invalid);
    // An earlier code is as old as that one.
    expect(await verify(harness, await beginSignIn(harness, email), right(-1))).toMatchObject(invalid);
    harness.advance(30);
    expect(await verify(harness, await beginSignIn(harness, email), right())).toMatchObject({ status: 200 });
  });

  it.skipIf(!canRace())('makes one session when it is sent ten times at once, in one sign-in or in two', async () => {
    const first = await beginSignIn(harness, email);
    const second = await beginSignIn(harness, email);
    const code = right();
    const before = await harness.sessions.listLive(owner.id, harness.now());
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => verify(harness, index % 2 === 0 ? first : second, code)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ cookie }) => cookie !== undefined)).toHaveLength(1);
    expect(await harness.sessions.listLive(owner.id, harness.now())).toHaveLength(before.length + 1);
  });

  it.skipIf(!canRace())(
    'makes one session when it is sent to two gateways at once, whose counters know nothing of each other',
    async () => {
      const { database, sessions } = harness;
      const other = await startHarness({ database, sessions, now: harness.now });
      const first = await beginSignIn(harness, email);
      const second = await beginSignIn(other, email);
      const code = right();
      const answers = await Promise.all([
        verify(harness, first, code),
        verify(other, second, code),
        verify(other, first, code),
        verify(harness, second, code),
      ]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      await other.close();
    },
  );

  it('cannot be used to finish one sign-in twice', async () => {
    const pending = await beginSignIn(harness, email);
    await verify(harness, pending, right());
    harness.advance(30);
    expect(await verify(harness, pending, right())).toMatchObject(expired);
  });

  it('is refused after ten minutes, and when there is no sign-in that waits for it', async () => {
    const pending = await beginSignIn(harness, email);
    harness.advance(600);
    expect(await verify(harness, pending, right())).toMatchObject(expired);
    expect(await verify(harness, {}, right())).toMatchObject(expired);
    const made = { headers: { cookie: `sallyport-pending=${'A'.repeat(43)}` } };
    expect(await verify(harness, made, right())).toMatchObject(expired);
  });

  it('is of use to its own account only', async () => {
    const other = await makeAppOwner(harness, 'kim@example.test');
    const pending = await beginSignIn(harness, email);
    expect(await verify(harness, pending, codeOf(harness, other.secret))).toMatchObject(invalid);
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
    const cookie = `sallyport-pending=${answer.pending}; sallyport-pending=${'A'.repeat(43)}`;
    expect(await verify(harness, { headers: { cookie } }, right())).toMatchObject(expired);
  });

  it('is not found by the value of the session cookie, nor the other way round', async () => {
    const signedIn = await verify(harness, await beginSignIn(harness, email), right());
    const cookie = `sallyport-pending=${signedIn.cookie}`;
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

describe(onDatabase('second factor: wrong codes'), () => {
  it.each([
    { name: 'of five digits', code: '12345' },
    { name: 'of letters', code: 'abcdef' },
    { name: 'in other digits than ASCII', code: '１２３４５６' },
    { name: 'of no method that the account has', code: '123456', method: 'sms' },
    { name: 'that are a recovery code of no account', code: '0000-0000-0000-0000', method: 'recovery-code' },
  ])('$name are refused as any other', async ({ code, method = 'totp' }) => {
    expect(await verify(harness, await beginSignIn(harness, email), code, method)).toMatchObject(invalid);
  });

  it('end the sign-in with the fifth, and the right one does not save it', async () => {
    const pending = await beginSignIn(harness, email);
    for (let attempt = 1; attempt < 5; attempt += 1)
      expect(await verify(harness, pending, wrong())).toMatchObject(invalid);
    expect(await verify(harness, pending, wrong())).toMatchObject(expired);
    expect(await verify(harness, pending, right())).toMatchObject(expired);
  });

  it('are counted before they are looked at, so that not even twenty at once are more than five', async () => {
    const pending = await beginSignIn(harness, email);
    const answers = await Promise.all(Array.from({ length: 20 }, () => verify(harness, pending, wrong())));
    const looked = (await harness.events()).filter(
      ({ type, details }) => type === 'second-factor.refused' && String(details).includes('code-invalid'),
    );
    expect(looked.length).toBeLessThanOrEqual(5);
    expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true);
  });

  it('are limited for the account, whatever sign-in they come in, and the owner is told', async () => {
    await guessUntilLimited();
    const pending = await beginSignIn(harness, email);
    const answer = await verify(harness, pending, right());
    expect(answer).toMatchObject(limited);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(800);
    const mails = await harness.mailTo(email, 2);
    expect(mails.filter(({ kind }) => kind === 'codes-guessed')).toHaveLength(1);
    harness.advance(900);
    expect(await verify(harness, await beginSignIn(harness, email), right())).toMatchObject({ status: 200 });
  });

  it('leave the first step open, and the recovery codes', async () => {
    await guessUntilLimited();
    const pending = await beginSignIn(harness, email);
    expect(pending.answer).toMatchObject({ status: 200, body: { status: 'second-factor-required' } });
    const answer = await verify(harness, pending, owner.recoveryCodes[0] ?? '', 'recovery-code');
    expect(answer).toMatchObject({ status: 200 });
  });

  it('are forgotten when the right one comes', async () => {
    for (let round = 0; round < 4; round += 1) {
      const pending = await beginSignIn(harness, email);
      for (let attempt = 0; attempt < 4; attempt += 1) await verify(harness, pending, wrong());
      expect(await verify(harness, pending, right())).toMatchObject({ status: 200 });
      harness.advance(30);
    }
  });

  it('are limited for the day, too', async () => {
    for (let quarter = 0; quarter < 5; quarter += 1) {
      await guessUntilLimited();
      harness.advance(900);
    }
    expect(await verify(harness, await beginSignIn(harness, email), right())).toMatchObject(limited);
    harness.advance(24 * 60 * 60);
    expect(await verify(harness, await beginSignIn(harness, email), right())).toMatchObject({ status: 200 });
  });

  async function guessUntilLimited(): Promise<void> {
    for (let begun = 0; begun < 2; begun += 1) {
      const pending = await beginSignIn(harness, email);
      for (let attempt = 0; attempt < 5; attempt += 1) await verify(harness, pending, wrong());
    }
  }
});

describe(onDatabase('second factor: a recovery code'), () => {
  it('signs in once, as mfa, and its owner is told', async () => {
    const [code = ''] = owner.recoveryCodes;
    const answer = await verify(harness, await beginSignIn(harness, email), code, 'recovery-code');
    expect(answer).toMatchObject({ status: 200 });
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    expect(session?.principal).toMatchObject({ acr: 'mfa', amr: ['pwd', 'otp'] });
    expect(await verify(harness, await beginSignIn(harness, email), code, 'recovery-code')).toMatchObject(invalid);
    expect((await harness.mailTo(email, 2))[0]).toMatchObject({ kind: 'recovery-code-used' });
    const status = await harness.call('GET', '/auth/second-factor', undefined, { caller: owner.caller });
    expect(status.body).toMatchObject({ recoveryCodesLeft: 9 });
  });

  it.skipIf(!canRace())('makes one session when it is sent ten times at once, in as many sign-ins', async () => {
    const [code = ''] = owner.recoveryCodes;
    const pendings = await Promise.all(Array.from({ length: 6 }, () => beginSignIn(harness, email)));
    const answers = await Promise.all(pendings.map((pending) => verify(harness, pending, code, 'recovery-code')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it.each([
    { name: 'in capitals', type: (code: string) => code.toUpperCase() },
    { name: 'without hyphens', type: (code: string) => code.replaceAll('-', '') },
    { name: 'with spaces', type: (code: string) => ` ${code.replaceAll('-', ' ')} ` },
    { name: 'with O for zero and L for one', type: (code: string) => code.replaceAll('0', 'O').replaceAll('1', 'l') },
  ])('may be typed $name', async ({ type }) => {
    const code = owner.recoveryCodes.find((one) => /[01]/.test(one)) ?? '';
    const answer = await verify(harness, await beginSignIn(harness, email), type(code), 'recovery-code');
    expect(answer).toMatchObject({ status: 200 });
  });

  it('is of use to its own account only', async () => {
    const other = await makeAppOwner(harness, 'kim@example.test');
    const [code = ''] = other.recoveryCodes;
    expect(await verify(harness, await beginSignIn(harness, email), code, 'recovery-code')).toMatchObject(invalid);
  });
});

describe(onDatabase('second factor: an outage'), () => {
  it('of the counters is 503, and the code is not used up', async () => {
    let isDown = false;
    const working = createInProcessCounters({ now: () => other.now() });
    const counters: Counters = {
      increment: async (key, seconds) => (fail(), working.increment(key, seconds)),
      decrement: async (key) => (fail(), working.decrement(key)),
      read: async (key) => (fail(), working.read(key)),
      reset: async (key) => (fail(), working.reset(key)),
    };
    function fail(): void {
      if (isDown) throw new SallyportError('SP_STORE_UNAVAILABLE');
    }
    const other = await startHarness({ counters });
    const kim = await makeAppOwner(other, 'kim@example.test');
    const pending = await beginSignIn(other, kim.email);
    isDown = true;
    const during = await verify(other, pending, codeOf(other, kim.secret));
    expect(during).toMatchObject({ status: 503, cookie: undefined, pending: undefined });
    isDown = false;
    expect(await verify(other, pending, codeOf(other, kim.secret))).toMatchObject({ status: 200 });
    await other.close();
  });

  it.skipIf(!isEmbedded())(
    'of a database that cannot be written is 503, leaves the cookies alone, and the code unused',
    async () => {
      const pending = await beginSignIn(harness, email);
      harness.sqlite.exec('PRAGMA query_only = ON');
      const answer = await verify(harness, pending, right());
      expect(answer).toMatchObject({ status: 503, body: { code: 'SP_STORE_UNAVAILABLE' } });
      expect(answer.headers.getSetCookie()).toEqual([]);
      harness.sqlite.exec('PRAGMA query_only = OFF');
      expect(await verify(harness, pending, right())).toMatchObject({ status: 200 });
    },
  );

  it.skipIf(!isEmbedded())('of a database that is gone is 503, and no try is counted', async () => {
    const counted: string[] = [];
    const working = createInProcessCounters();
    const increment: Counters['increment'] = (key, seconds) => (counted.push(key), working.increment(key, seconds));
    const other = await startHarness({ counters: { ...working, increment } });
    const kim = await makeAppOwner(other, 'kim@example.test');
    const pending = await beginSignIn(other, kim.email);
    counted.length = 0;
    other.sqlite.close();
    expect(await verify(other, pending, '000000')).toMatchObject({ status: 503, cookie: undefined });
    expect(counted).toEqual([]);
  });
});

describe(onDatabase('second factor: what is recorded'), () => {
  it('holds no code, no secret and no address', async () => {
    const pending = await beginSignIn(harness, email);
    await verify(harness, pending, wrong());
    await verify(harness, pending, right());
    const types = (await harness.events()).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining([
        'second-factor.added',
        'second-factor.recovery-codes-made',
        'sign-in.second-factor-asked',
        'second-factor.refused',
        'sign-in.succeeded',
      ]),
    );
    const text = JSON.stringify([await harness.events(), harness.logLines]);
    for (const secret of [owner.secret, right(), wrong(), email, ...owner.recoveryCodes])
      expect(text).not.toContain(secret);
    expect(harness.logLines).toEqual([]);
  });

  it('calls nothing a sign-in before it is one', async () => {
    await beginSignIn(harness, email);
    const signIns = (await harness.events()).filter(({ type }) => type === 'sign-in.succeeded');
    expect(signIns).toHaveLength(1);
    expect(await callerOf(harness, owner.sid)).toBeDefined();
  });
});

it('a second factor is not asked of a user who has none', async () => {
  await harness.makeUser('kim@example.test');
  const answer = await harness.call('POST', '/auth/sign-in/email', { ...rightSignIn, email: 'kim@example.test' });
  expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in' } });
});
