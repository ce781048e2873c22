import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, makeAppOwner, wrongCodeFor, type AppOwner } from '../second-factor/factor.test-support.ts';
import { goodPassword, onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
import { claimsOf, programOf, refreshWith, startTokenHarness } from './token.test-support.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startTokenHarness(
    {},
    { features: { secondFactor: { methods: ['totp', 'email'], requiredFor: ['admin'] } } },
  );
});
afterEach(() => harness.close());

const email = 'robin@example.test';
const right = { email, password: goodPassword };
const signIn = (body: unknown): Promise<Answer> => harness.call('POST', '/auth/token', body);

describe(onDatabase('the second factor of a program'), () => {
  let owner: AppOwner;
  beforeEach(async () => {
    owner = await makeAppOwner(harness, email);
  });
  const ask = async (): Promise<string> => {
    const answer = await signIn(right);
    expect(answer.status).toBe(401);
    return (answer.body as { readonly mfa_token: string }).mfa_token;
  };
  const answerWith = (mfa_token: string, code: string, more: object = {}): Promise<Answer> =>
    harness.call('POST', '/auth/token/second-factor', { mfa_token, code, ...more });

  it('is asked for with 401, and answered with a code', async () => {
    const asked = await signIn(right);
    expect(asked).toMatchObject({
      status: 401,
      body: {
        error: 'mfa_required',
        code: 'SP_SECOND_FACTOR_REQUIRED',
        mfa_token: expect.stringMatching(/^[\w-]{43}$/) as string,
        methods: ['totp', 'recovery-code'],
        expires_in: 600,
      },
    });
    expect(asked.headers.get('www-authenticate')).toContain('Bearer');
    expect(asked.text).not.toContain('refresh_token');
    const { mfa_token } = asked.body as { readonly mfa_token: string };
    const answer = await answerWith(mfa_token, codeOf(harness, owner.secret), { device: 'Phone' });
    const { accessToken, refreshToken } = programOf(answer);
    expect(claimsOf(accessToken)).toMatchObject({ acr: 'mfa', amr: ['pwd', 'otp'] });
    expect((await refreshWith(harness, refreshToken)).status).toBe(200);
  });

  it('is answered with a recovery code as well, once', async () => {
    const [code = ''] = owner.recoveryCodes;
    const method = 'recovery-code';
    expect((await answerWith(await ask(), code, { method })).status).toBe(200);
    const again = await answerWith(await ask(), code, { method });
    expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant', code: 'SP_CODE_INVALID' } });
  });

  it('is refused with a wrong code, and over after some of them', async () => {
    const token = await ask();
    const codes: unknown[] = [];
    for (let count = 0; count < 10; count++) {
      const answer = await answerWith(token, wrongCodeFor(harness, owner.secret));
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      codes.push((answer.body as { readonly code: string }).code);
    }
    expect(codes).toContain('SP_CODE_INVALID');
    expect(codes.at(-1)).toBe('SP_SIGN_IN_EXPIRED');
    const late = await answerWith(token, codeOf(harness, owner.secret));
    expect(late).toMatchObject({ status: 400, body: { code: 'SP_SIGN_IN_EXPIRED' } });
  });

  it.each([
    { name: 'made up', token: () => 'x'.repeat(43) },
    { name: 'of any form', token: () => '../../etc/passwd' },
  ])('is refused with an mfa_token that is $name', async ({ token }) => {
    const answer = await answerWith(token(), codeOf(harness, owner.secret));
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant', code: 'SP_SIGN_IN_EXPIRED' } });
  });

  it('is used up by one answer', async () => {
    const token = await ask();
    expect((await answerWith(token, codeOf(harness, owner.secret))).status).toBe(200);
    harness.advance(60);
    const again = await answerWith(token, codeOf(harness, owner.secret));
    expect(again).toMatchObject({ status: 400, body: { code: 'SP_SIGN_IN_EXPIRED' } });
  });

  it('expires, and ends with a change of the account', async () => {
    const late = await ask();
    harness.advance(601);
    expect((await answerWith(late, codeOf(harness, owner.secret))).body).toMatchObject({ code: 'SP_SIGN_IN_EXPIRED' });
    const changed = await ask();
    await harness.identity.accounts.setRoles(owner.id, ['vendor']);
    const answer = await answerWith(changed, codeOf(harness, owner.secret));
    expect(answer.body).toMatchObject({ code: 'SP_SIGN_IN_EXPIRED' });
  });

  it('is good for a program alone, as the cookie of a sign-in is for its browser', async () => {
    const token = await ask();
    const asBrowser = await harness.call(
      'POST',
      '/auth/second-factor/verify',
      { method: 'totp', code: codeOf(harness, owner.secret) },
      { headers: { cookie: `sallyport-3000-pending=${token}` } },
    );
    expect(asBrowser).toMatchObject({ status: 401, body: { code: 'SP_SIGN_IN_EXPIRED' } });
    const { pending = '' } = await harness.call('POST', '/auth/sign-in/email', right);
    const asProgram = await answerWith(pending, codeOf(harness, owner.secret));
    expect(asProgram).toMatchObject({ status: 400, body: { code: 'SP_SIGN_IN_EXPIRED' } });
  });

  it('cannot be set up by a program', async () => {
    const strict = 'root@example.test';
    await harness.makeUser(strict, ['admin']);
    const answer = await signIn({ email: strict, password: goodPassword });
    expect(answer).toMatchObject({
      status: 403,
      body: { error: 'mfa_set_up_required', code: 'SP_SECOND_FACTOR_SET_UP_REQUIRED' },
    });
    expect(answer.text).not.toContain('mfa_token');
  });

  it('is sent no code for an app, nor for a sign-in that is none', async () => {
    const send = (mfa_token: string): Promise<Answer> =>
      harness.call('POST', '/auth/token/second-factor/send', { mfa_token, method: 'email' });
    expect(await send(await ask())).toMatchObject({ status: 404, body: { error: 'invalid_request' } });
    expect(await send('x'.repeat(43))).toMatchObject({ status: 400, body: { code: 'SP_SIGN_IN_EXPIRED' } });
  });
});
