import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const email = 'robin@example.test';
const newPassword = 'another-violet-kettle-9';

async function requestToken(): Promise<string> {
  await harness.call('POST', '/auth/request-password-reset', { email });
  return harness.linkToken(email, 'reset-password');
}

describe(onDatabase('a forgotten password'), () => {
  it('answers the same for an address without an account', async () => {
    await harness.makeUser(email);
    const known = await harness.call('POST', '/auth/request-password-reset', { email });
    const unknown = await harness.call('POST', '/auth/request-password-reset', { email: 'unknown@x.test' });
    expect(known).toMatchObject({ status: 200, body: { status: 'reset-sent' } });
    expect(known.text).toBe(unknown.text);
    expect(await harness.mailTo(email, 1)).toMatchObject([{ kind: 'reset-password' }]);
    expect(await harness.mailTo('unknown@x.test', 0)).toEqual([]);
  });

  it('is replaced, every session ends, and the owner is told', async () => {
    const id = await harness.makeUser(email);
    const sessions = await Promise.all([harness.signIn(email), harness.signIn(email)]);
    const token = await requestToken();
    expect(await harness.call('POST', '/auth/reset-password', { token, newPassword })).toMatchObject({
      status: 200,
      body: { status: 'password-changed' },
      cookie: undefined,
    });
    for (const session of sessions) expect(await harness.identity.directory.byToken(session.token)).toBeNull();
    expect((await harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword })).status).toBe(401);
    expect((await harness.call('POST', '/auth/sign-in/email', { email, password: newPassword })).status).toBe(200);
    expect((await harness.mailTo(email, 2))[0]).toMatchObject({ kind: 'password-changed' });
    const announced = harness.heard.flatMap((message) => (message.kind === 'revocation' ? [message.event] : []));
    expect(announced).toContainEqual(expect.objectContaining({ kind: 'user', id, minGeneration: 2 }));
    for (const { sid } of sessions)
      expect(announced).toContainEqual(expect.objectContaining({ kind: 'session', id: sid }));
    expect(await harness.events()).toContainEqual(
      expect.objectContaining({ type: 'account.password-changed', details: '{"sessionsEnded":2}' }),
    );
  });

  it('is still to come after any number of looks at the link, which say whose it is', async () => {
    await harness.makeUser(email);
    const token = await requestToken();
    const look = () => harness.call('POST', '/auth/check-link', { purpose: 'reset-password', token });
    for (let count = 0; count < 3; count += 1)
      expect(await look()).toMatchObject({ status: 200, body: { status: 'valid', email } });
    expect((await harness.call('POST', '/auth/reset-password', { token, newPassword })).status).toBe(200);
    expect(await look()).toMatchObject({ status: 400, body: { code: 'SP_LINK_INVALID' } });
  });

  it.each([
    { name: 'an unknown token', body: { purpose: 'reset-password', token: 'a'.repeat(43) }, status: 400 },
    { name: 'an empty token', body: { purpose: 'reset-password', token: '' }, status: 400 },
    { name: 'a token that is too long', body: { purpose: 'reset-password', token: 'a'.repeat(513) }, status: 422 },
    { name: 'an unknown purpose', body: { purpose: 'sign-in', token: 'a'.repeat(43) }, status: 422 },
    { name: 'no purpose', body: { token: 'a'.repeat(43) }, status: 422 },
  ])('is not promised to a link with $name', async ({ body, status }) => {
    expect((await harness.call('POST', '/auth/check-link', body)).status).toBe(status);
  });

  it('is not promised to a link of another purpose, nor to one that has expired', async () => {
    await harness.makeUser(email);
    const token = await requestToken();
    const check = (purpose: string) => harness.call('POST', '/auth/check-link', { purpose, token });
    expect((await check('verify-email')).status).toBe(400);
    harness.advance(60 * 60);
    expect((await check('reset-password')).status).toBe(400);
  });

  it('is replaced by one of ten who use the link at once', async () => {
    await harness.makeUser(email);
    const token = await requestToken();
    const passwords = Array.from({ length: 10 }, (_, index) => `another-violet-kettle-${index}`);
    const answers = await Promise.all(
      passwords.map((password) => harness.call('POST', '/auth/reset-password', { token, newPassword: password })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(9);
    const winner = passwords[answers.findIndex(({ status }) => status === 200)] ?? '';
    expect((await harness.call('POST', '/auth/sign-in/email', { email, password: winner })).status).toBe(200);
  });

  it('voids the other links when one was used', async () => {
    await harness.makeUser(email);
    const first = await requestToken();
    await harness.call('POST', '/auth/request-password-reset', { email });
    const second = await harness.linkToken(email, 'reset-password', 2);
    expect(second).not.toBe(first);
    expect((await harness.call('POST', '/auth/reset-password', { token: second, newPassword })).status).toBe(200);
    expect((await harness.call('POST', '/auth/reset-password', { token: first, newPassword })).status).toBe(400);
  });

  it('cannot be replaced after one hour', async () => {
    await harness.makeUser(email);
    const token = await requestToken();
    harness.advance(60 * 60);
    const answer = await harness.call('POST', '/auth/reset-password', { token, newPassword });
    expect(answer).toMatchObject({ status: 400, body: { code: 'SP_LINK_INVALID' } });
  });

  it('keeps its link when the new one is refused', async () => {
    await harness.makeUser(email);
    const token = await requestToken();
    const refused = await harness.call('POST', '/auth/reset-password', { token, newPassword: 'passwordpassword' });
    expect(refused).toMatchObject({
      status: 422,
      body: { code: 'SP_PASSWORD_UNACCEPTABLE', errors: [{ field: 'newPassword' }] },
    });
    expect((await harness.call('POST', '/auth/reset-password', { token, newPassword })).status).toBe(200);
  });

  it('takes an account back from a stranger who signed up with the address before its owner', async () => {
    const squatter = { name: 'Mallory', email, password: goodPassword };
    await harness.call('POST', '/auth/sign-up/email', squatter);
    await harness.call('POST', '/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password', 2);
    await harness.call('POST', '/auth/reset-password', { token, newPassword });
    expect((await harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword })).status).toBe(401);
    expect((await harness.call('POST', '/auth/sign-in/email', { email, password: newPassword })).status).toBe(200);
  });

  it('leaves no session of the old one, however the sign-ins and the change meet', async () => {
    const id = await harness.makeUser(email);
    const token = await requestToken();
    const signIns = Array.from({ length: 8 }, () =>
      harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword }),
    );
    const [changed] = await Promise.all([
      harness.call('POST', '/auth/reset-password', { token, newPassword }),
      ...signIns,
    ]);
    expect(changed.status).toBe(200);
    expect(await harness.sessions.listLive(id, harness.now())).toEqual([]);
  });
});
