import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginSignIn, callerOf, makeAppOwner, verify, type AppOwner } from './factor.test-support.ts';
import { canRace, onDatabase, startHarness, type Harness } from '../../identity.test-support.ts';

const email = 'robin@example.test';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ features: { secondFactor: { methods: ['totp', 'email', 'sms'] } } });
});
afterEach(() => harness.close());

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

  it.each([
    { seconds: 599, status: 200 },
    { seconds: 600, status: 401 },
  ])('answer a step-up $seconds seconds later with $status', async ({ seconds, status }) => {
    await harness.makeUser(email);
    const { caller, sid } = await harness.signIn(email);
    await setUpSent('sms', caller);
    const stepUp = { caller: await callerOf(harness, sid) };
    await harness.call('POST', '/auth/step-up/send', { method: 'sms' }, stepUp);
    const code = (await harness.mailTo(plainNumber, 2))[0]?.code ?? '';
    harness.advance(seconds);
    expect(await harness.call('POST', '/auth/step-up', { method: 'sms', code }, stepUp)).toMatchObject({ status });
  });

  it.skipIf(!canRace())('work once, and only the newest', async () => {
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
