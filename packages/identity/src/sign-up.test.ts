import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBrowser, type Browser } from './browser.test-support.ts';
import { goodPassword, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

let harness: Harness;
let browser: Browser;
beforeEach(async () => {
  harness = await startHarness();
  browser = createBrowser(harness, '203.0.113.7');
});
afterEach(() => harness.close());

const email = 'robin@example.test';
const signUp = { name: 'Robin Doe', email, password: goodPassword };

describe(onDatabase('sign-up'), () => {
  it('mails a link, which verifies the address', async () => {
    expect(await browser.post('/auth/sign-up/email', signUp)).toMatchObject({
      status: 200,
      body: { status: 'verification-sent' },
    });
    const token = await harness.linkToken(email, 'verify-email');
    const verified = await browser.post('/auth/verify-email', { token });
    expect(verified).toMatchObject({ status: 200, body: { status: 'verified' }, cookie: undefined });
    expect(await harness.identity.accounts.findByEmail(email)).toMatchObject({ emailVerified: true, roles: ['user'] });
    expect((await harness.events()).map(({ type }) => type)).toEqual(['account.created', 'account.email-verified']);
  });

  it('answers the same for an address that has an account, whose owner is told by mail', async () => {
    await harness.makeUser(email);
    const known = await harness.call('POST', '/auth/sign-up/email', { ...signUp, email: ' ROBIN@Example.Test ' });
    const unknown = await harness.call('POST', '/auth/sign-up/email', { ...signUp, email: 'new@example.test' });
    expect(known.text).toBe(unknown.text);
    expect(known.status).toBe(unknown.status);
    expect(withoutValues(known.headers)).toEqual(withoutValues(unknown.headers));
    expect(await harness.mailTo(email, 1)).toMatchObject([{ kind: 'already-registered' }]);
  });

  it('does not touch the account that is there', async () => {
    await harness.makeUser(email);
    await harness.call('POST', '/auth/sign-up/email', { name: 'Mallory', email, password: 'another-violet-kettle-9' });
    expect(await harness.identity.accounts.findByEmail(email)).toMatchObject({ name: 'Robin Doe' });
    const { caller } = await harness.signIn(email);
    expect(caller.kind).toBe('user');
  });

  it('makes one account when eight people sign up with one address at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => harness.call('POST', '/auth/sign-up/email', signUp)),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await harness.database.records.count({ model: 'user' })).toBe(1);
    expect(await harness.database.records.count({ model: 'account' })).toBe(1);
    // Each takes the place of the one before, and those who find no turn leave the mail to the others.
    await harness.identity.close();
    const mails = await harness.mailTo(email, 1);
    expect(new Set(mails.map(({ kind }) => kind))).toEqual(new Set(['verify-email']));
    const tokens = mails.map(({ links: [link = ''] }) => new URL(link).searchParams.get('token'));
    const looks = await Promise.all(
      tokens.map((token) => harness.call('POST', '/auth/check-link', { purpose: 'verify-email', token })),
    );
    expect(looks.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it.each([
    { name: 'roles', extra: { roles: ['admin'] }, field: 'roles' },
    { name: 'a verified address', extra: { emailVerified: true }, field: 'emailVerified' },
    { name: 'an id', extra: { id: 'chosen' }, field: 'id' },
    { name: 'a generation', extra: { generation: 99 }, field: 'generation' },
  ])('refuses a body that also sets $name', async ({ extra, field }) => {
    const answer = await harness.call('POST', '/auth/sign-up/email', { ...signUp, ...extra });
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED', errors: [{ field }] } });
    expect(await harness.identity.accounts.findByEmail(email)).toBeNull();
  });

  it.each([
    { name: 'no name', change: { name: ' ' }, field: 'name' },
    { name: 'a name with a line break', change: { name: 'Robin\nBcc: x@y.test' }, field: 'name' },
    { name: 'a name that turns the text around', change: { name: 'Robin\u202etset.live' }, field: 'name' },
    { name: 'a name that is a number', change: { name: 7 }, field: 'name' },
    { name: 'no address', change: { email: undefined }, field: 'email' },
    { name: 'two addresses in one', change: { email: 'a@x.test,b@x.test' }, field: 'email' },
    { name: 'an address that is an object', change: { email: { $ne: '' } }, field: 'email' },
  ])('refuses $name', async ({ change, field }) => {
    const answer = await harness.call('POST', '/auth/sign-up/email', { ...signUp, ...change });
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED', errors: [{ field }] } });
  });

  it.each([
    { name: 'is short', password: 'q7RkZt0Vw3xLmB' },
    { name: 'is common', password: 'Password123456!' },
    { name: 'is over-long', password: 'q7RkZt0Vw3'.repeat(13) },
  ])('refuses a password that $name, and does not repeat it', async ({ password }) => {
    const answer = await harness.call('POST', '/auth/sign-up/email', { ...signUp, password });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'SP_PASSWORD_UNACCEPTABLE', errors: [{ field: 'password' }] },
    });
    expect(answer.text).not.toContain(password);
  });

  it('refuses a sign-in until the address is verified, and says so only to who knows the password', async () => {
    await harness.call('POST', '/auth/sign-up/email', signUp);
    const right = await harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword });
    expect(right).toMatchObject({ status: 403, body: { code: 'SP_EMAIL_UNVERIFIED' }, cookie: undefined });
    const wrong = await harness.call('POST', '/auth/sign-in/email', { email, password: 'something else' });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'SP_CREDENTIALS_INVALID' } });
  });
});

describe(onDatabase('a link that verifies an address'), () => {
  it('works for one of twenty who use it at once', async () => {
    await browser.post('/auth/sign-up/email', signUp);
    const token = await harness.linkToken(email, 'verify-email');
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.post('/auth/verify-email', { token })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(19);
  });

  it('is void after 24 hours', async () => {
    await harness.call('POST', '/auth/sign-up/email', signUp);
    const token = await harness.linkToken(email, 'verify-email');
    harness.advance(24 * 60 * 60);
    const answer = await harness.call('POST', '/auth/verify-email', { token });
    expect(answer).toMatchObject({ status: 400, body: { code: 'SP_LINK_INVALID' } });
  });

  it.each(['', 'x', 'A'.repeat(43), "' OR 1=1 --"])('refuses the made-up token %j', async (token) => {
    const answer = await harness.call('POST', '/auth/verify-email', { token });
    expect(answer).toMatchObject({ status: 400, body: { code: 'SP_LINK_INVALID' } });
  });

  it('cannot be used to set a password', async () => {
    await harness.call('POST', '/auth/sign-up/email', signUp);
    const token = await harness.linkToken(email, 'verify-email');
    const answer = await harness.call('POST', '/auth/reset-password', {
      token,
      newPassword: 'another-violet-kettle-9',
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'SP_LINK_INVALID' } });
  });

  it('is mailed again on request, with the same answer whether or not there is an account to mail it to', async () => {
    await harness.call('POST', '/auth/sign-up/email', signUp);
    await harness.makeUser('verified@example.test');
    const answers = await Promise.all(
      [email, 'verified@example.test', 'unknown@example.test'].map((address) =>
        harness.call('POST', '/auth/send-verification-email', { email: address }),
      ),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set(['200 {"status":"verification-sent"}']),
    );
    expect(await harness.mailTo(email, 2)).toHaveLength(2);
    expect(await harness.mailTo('verified@example.test', 0)).toEqual([]);
  });

  it('is not mailed without end', async () => {
    await harness.call('POST', '/auth/sign-up/email', signUp);
    for (let count = 0; count < 15; count += 1) await harness.call('POST', '/auth/send-verification-email', { email });
    await harness.identity.close();
    expect(await harness.mailTo(email, 10)).toHaveLength(10);
  });
});

/** Header lines, with what is random in cookies left out. */
function withoutValues(headers: Headers): readonly (readonly [string, string])[] {
  return [...headers].map(([name, value]) => [name, value.replace(/=[A-Za-z0-9_-]{43};/, '=(random);')]);
}
