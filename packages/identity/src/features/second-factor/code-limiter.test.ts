import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginSignIn, codeOf, makeAppOwner, verify, wrongCodeFor, type AppOwner } from './factor.test-support.ts';
import {
  goodPassword,
  onDatabase,
  startHarness,
  type Answer,
  type Harness,
  type RequestOptions,
} from '../../identity.test-support.ts';

const email = 'robin@example.test';

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

  it('count also when they are of no method that the account has', async () => {
    const pending = await beginSignIn(harness, email);
    for (let attempt = 1; attempt < 5; attempt += 1)
      expect(await verify(harness, pending, '123456', 'sms')).toMatchObject(invalid);
    expect(await verify(harness, pending, wrong())).toMatchObject(expired);
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

  it('leave a browser alone on which the account was signed in to before', async () => {
    const known = await verify(harness, await beginSignIn(harness, email), right());
    const cookie = deviceCookieOf(known);
    harness.advance(60);
    await guessUntilLimited();
    expect(await verify(harness, await beginSignIn(harness, email), right())).toMatchObject(limited);
    expect(await verify(harness, await beginSignInOn(cookie), right())).toMatchObject({ status: 200 });
  });

  it('of a browser that is known use up what is its own, and nothing of strangers', async () => {
    const cookie = deviceCookieOf(await verify(harness, await beginSignIn(harness, email), right()));
    harness.advance(60);
    for (let begun = 0; begun < 2; begun += 1) {
      const pending = await beginSignInOn(cookie);
      for (let attempt = 0; attempt < 5; attempt += 1) await verify(harness, pending, wrong());
    }
    expect(await verify(harness, await beginSignInOn(cookie), right())).toMatchObject(limited);
    expect(await verify(harness, await beginSignIn(harness, email), right())).toMatchObject({ status: 200 });
  });

  it('are forgotten when the owner chooses a new password, as the mail about them says, also those of the day', async () => {
    for (let quarter = 0; quarter < 5; quarter += 1) {
      await guessUntilLimited();
      harness.advance(900);
    }
    expect(await verify(harness, await beginSignIn(harness, email), right())).toMatchObject(limited);
    await choosePassword('amber-violet-kettle-north');
    const pending = await harness.call('POST', '/auth/sign-in/email', { email, password: 'amber-violet-kettle-north' });
    const options = { headers: { cookie: `sallyport-3000-pending=${pending.pending}` } };
    expect(await verify(harness, options, right())).toMatchObject({ status: 200 });
  });

  it('are bounded over all new passwords of a day, so that who reads the mail cannot guess on and on', async () => {
    let tries = 0;
    for (let round = 0; round < 60 && tries < 300; round += 1) {
      const password = `amber-violet-kettle-north-${round}`;
      await choosePassword(password);
      const answer = await harness.call('POST', '/auth/sign-in/email', { email, password });
      const pending = { headers: { cookie: `sallyport-3000-pending=${answer.pending}` } };
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const refused = await verify(harness, pending, wrong());
        if (refused.status === 429) {
          expect(tries).toBe(250);
          return;
        }
        tries += 1;
      }
      harness.advance(600);
    }
    expect.fail('no limit was met');
  });

  const deviceCookieOf = ({ headers }: Answer): string =>
    headers
      .getSetCookie()
      .find((line) => line.startsWith('sallyport-3000-device='))
      ?.split(';')[0] ?? '';

  async function beginSignInOn(device: string): Promise<RequestOptions> {
    const options = { headers: { cookie: device } };
    const answer = await harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword }, options);
    return { headers: { cookie: `${device}; sallyport-3000-pending=${answer.pending}` } };
  }

  async function choosePassword(newPassword: string): Promise<void> {
    const links = async () =>
      (await harness.mailTo(email, 0)).filter(({ kind }) => kind === 'reset-password').flatMap((mail) => mail.links);
    const before = (await links()).length;
    await harness.call('POST', '/auth/request-password-reset', { email });
    await expect.poll(async () => (await links()).length, { timeout: 20_000 }).toBe(before + 1);
    const token = new URL((await links())[0] ?? '').searchParams.get('token');
    const answer = await harness.call('POST', '/auth/reset-password', { token, newPassword });
    expect(answer).toMatchObject({ status: 200 });
  }

  async function guessUntilLimited(): Promise<void> {
    for (let begun = 0; begun < 2; begun += 1) {
      const pending = await beginSignIn(harness, email);
      for (let attempt = 0; attempt < 5; attempt += 1) await verify(harness, pending, wrong());
    }
  }
});
