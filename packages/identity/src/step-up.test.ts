import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  beginSignIn,
  callerOf,
  codeOf,
  makeAppOwner,
  setUpApp,
  verify,
  wrongCodeFor,
} from './features/second-factor/factor.test-support.ts';
import { canRace, goodPassword, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

const email = 'robin@example.test';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe(onDatabase('second factor: stepping up with the password, where there is no second factor'), () => {
  const stepUp = (caller: Awaited<ReturnType<Harness['signIn']>>['caller'], password = goodPassword) =>
    harness.call('POST', '/auth/step-up', { method: 'password', password, returnTo: '/account' }, { caller });

  it('makes the sign-in a recent one, under a new token', async () => {
    await harness.makeUser(email);
    const { caller, token, sid } = await harness.signIn(email);
    harness.advance(3600);
    const answer = await stepUp(caller);
    expect(answer).toMatchObject({
      status: 200,
      body: { session: { sid, acr: 'pwd', amr: ['pwd'], authTime: harness.now().toISOString() }, returnTo: '/account' },
    });
    expect(await harness.identity.directory.byToken(token)).toBeNull();
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    expect(session?.principal).toMatchObject({ sid, authTime: harness.now(), generation: { session: 2 } });
    expect(harness.heard).toMatchObject([{ event: { kind: 'session', id: sid, minGeneration: 2 } }]);
    expect(answer.text).not.toContain(answer.cookie);
  });

  it('refuses a wrong one, counts it as a guess, and changes nothing', async () => {
    await harness.makeUser(email);
    const { caller, token } = await harness.signIn(email);
    for (let attempt = 0; attempt < 20; attempt += 1)
      expect(await stepUp(caller, 'wrong')).toMatchObject({ status: 401, body: { code: 'SP_PASSWORD_WRONG' } });
    expect(await stepUp(caller)).toMatchObject({ status: 429, cookie: undefined });
    expect(await harness.identity.directory.byToken(token)).not.toBeNull();
  });

  it('keeps nothing of a second factor that was removed since the sign-in', async () => {
    const owner = await makeAppOwner(harness, email);
    await harness.call('DELETE', '/auth/second-factor/totp', undefined, { caller: owner.caller });
    const caller = await callerOf(harness, owner.sid);
    expect(caller).toMatchObject({ acr: 'mfa', amr: ['pwd', 'otp'] });
    expect(await stepUp(caller)).toMatchObject({ status: 200, body: { session: { acr: 'pwd', amr: ['pwd'] } } });
    expect(await callerOf(harness, owner.sid)).toMatchObject({ acr: 'pwd', amr: ['pwd'] });
  });

  it('is for people who are signed in', async () => {
    const json = { method: 'password', password: goodPassword };
    expect(await harness.call('POST', '/auth/step-up', json)).toMatchObject({ status: 401 });
    expect(await harness.call('GET', '/auth/step-up')).toMatchObject({ status: 401 });
  });

  it('does not elevate a session that ended', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    expect(await stepUp(caller)).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
  });

  it.skipIf(!canRace())('leaves one token that works when it happens in several tabs at once', async () => {
    await harness.makeUser(email);
    const { caller, sid } = await harness.signIn(email);
    const answers = await Promise.all(Array.from({ length: 4 }, () => stepUp(caller)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const found = await Promise.all(answers.map(({ cookie }) => harness.identity.directory.byToken(cookie ?? '')));
    expect(found.filter((session) => session !== null)).toHaveLength(1);
    expect(await callerOf(harness, sid)).toMatchObject({ generation: { session: 5 } });
  });
});

describe(onDatabase('second factor: stepping up, where there is a second factor'), () => {
  it('says with what it can be done', async () => {
    const owner = await makeAppOwner(harness, email);
    expect(await harness.call('GET', '/auth/step-up', undefined, { caller: owner.caller })).toMatchObject({
      body: { acr: 'mfa', methods: [{ method: 'totp' }], hasRecoveryCodes: true },
    });
  });

  it('takes a code, once, and makes an old session recent', async () => {
    await harness.makeUser(email);
    const { caller, sid } = await harness.signIn(email);
    const { secret } = await setUpApp(harness, { caller });
    harness.advance(3600);
    const json = { method: 'totp', code: codeOf(harness, secret) };
    const answer = await harness.call('POST', '/auth/step-up', json, { caller: await callerOf(harness, sid) });
    expect(answer).toMatchObject({
      body: { session: { acr: 'mfa', amr: ['pwd', 'otp'], authTime: harness.now().toISOString() } },
    });
    const again = await harness.call('POST', '/auth/step-up', json, { caller: await callerOf(harness, sid) });
    expect(again).toMatchObject({ status: 401, body: { code: 'SP_CODE_INVALID' } });
  });

  it('does not take the password: it would make a recent strong sign-in of an old one', async () => {
    const owner = await makeAppOwner(harness, email);
    harness.advance(3600);
    const json = { method: 'password', password: goodPassword };
    const answer = await harness.call('POST', '/auth/step-up', json, { caller: owner.caller });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_STEP_UP_REQUIRED', stepUp: { acr: 'mfa' } } });
    expect(await callerOf(harness, owner.sid)).toMatchObject({ generation: { session: 3 } });
  });

  it('does not take the code of a sign-in again, and the other way round', async () => {
    const owner = await makeAppOwner(harness, email);
    const code = codeOf(harness, owner.secret);
    await verify(harness, await beginSignIn(harness, email), code);
    const json = { method: 'totp', code };
    expect(await harness.call('POST', '/auth/step-up', json, { caller: owner.caller })).toMatchObject({ status: 401 });
  });

  it('bounds wrong codes, together with those of the sign-in', async () => {
    const owner = await makeAppOwner(harness, email);
    const stepUp = (code: string) =>
      harness.call('POST', '/auth/step-up', { method: 'totp', code }, { caller: owner.caller });
    for (let attempt = 0; attempt < 10; attempt += 1)
      expect(await stepUp(wrongCodeFor(harness, owner.secret))).toMatchObject({ status: 401 });
    expect(await stepUp(codeOf(harness, owner.secret))).toMatchObject({ status: 429 });
    const pending = await beginSignIn(harness, email);
    expect(await verify(harness, pending, codeOf(harness, owner.secret))).toMatchObject({ status: 429 });
    const signedOut = await harness.call('GET', '/auth/session', undefined, { caller: owner.caller });
    expect(signedOut.body).toMatchObject({ status: 'signed-in' });
  });

  it('takes a recovery code, once', async () => {
    const owner = await makeAppOwner(harness, email);
    const json = { method: 'recovery-code', code: owner.recoveryCodes[3] };
    const stepUp = () => harness.call('POST', '/auth/step-up', json, { caller: owner.caller });
    expect(await stepUp()).toMatchObject({ status: 200, body: { session: { acr: 'mfa' } } });
    expect(await stepUp()).toMatchObject({ status: 401 });
  });
});
