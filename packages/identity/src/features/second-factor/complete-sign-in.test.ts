import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginSignIn, codeOf, makeAppOwner, verify, type AppOwner } from './factor.test-support.ts';
import { canRace, onDatabase, startHarness, type Harness } from '../../identity.test-support.ts';

const email = 'robin@example.test';

let harness: Harness;
let owner: AppOwner;
beforeEach(async () => {
  harness = await startHarness();
  owner = await makeAppOwner(harness, email);
});
afterEach(() => harness.close());

const right = (steps = 0) => codeOf(harness, owner.secret, steps);
const invalid = { status: 401, body: { code: 'SP_CODE_INVALID' }, cookie: undefined };
const expired = { status: 401, body: { code: 'SP_SIGN_IN_EXPIRED' }, cookie: undefined };

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
    const made = { headers: { cookie: `sallyport-3000-pending=${'A'.repeat(43)}` } };
    expect(await verify(harness, made, right())).toMatchObject(expired);
  });

  it('is of use to its own account only', async () => {
    const other = await makeAppOwner(harness, 'kim@example.test');
    const pending = await beginSignIn(harness, email);
    expect(await verify(harness, pending, codeOf(harness, other.secret))).toMatchObject(invalid);
  });
});
