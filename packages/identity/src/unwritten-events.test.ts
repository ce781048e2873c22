import { SallyportError } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecurityEventLog } from './events/security-event-log.ts';
import { createBrowser } from './browser.test-support.ts';
import { features } from './features.ts';
import { goodPassword, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

const email = 'robin@x.test';
let harness: Harness;
let isBroken: boolean;
beforeEach(async () => {
  isBroken = false;
  harness = await startHarness({
    events: {
      append: async (event) => {
        if (isBroken) throw new SallyportError('SP_STORE_UNAVAILABLE');
        await createSecurityEventLog(harness.database.records, features.events).append(event);
      },
    },
  });
});
afterEach(() => harness.close());

describe(onDatabase('an event that cannot be written'), () => {
  it('keeps a session from ending, one or all', async () => {
    await harness.makeUser(email);
    const { caller, token } = await harness.signIn(email);
    isBroken = true;
    for (const [method, path] of [
      ['POST', '/auth/sign-out'],
      ['POST', '/auth/sessions/revoke-all'],
    ] as const)
      expect((await harness.call(method, path, undefined, { caller })).status).not.toBe(204);
    expect(await harness.identity.directory.byToken(token)).not.toBeNull();
    // Where it was taken back caches have forgotten the session, and look it up again.
    if (!harness.database.hasTransactions) expect(harness.heard).toEqual([]);
  });

  it('keeps roles as they are', async () => {
    const id = await harness.makeUser(email);
    isBroken = true;
    const failure = { code: 'SP_STORE_UNAVAILABLE' };
    await expect(harness.identity.accounts.setRoles(id, ['vendor'])).rejects.toMatchObject(failure);
    expect(await harness.identity.accounts.findById(id)).toMatchObject({ roles: ['user'], generation: 1 });
  });

  it('keeps the password and the sessions', async () => {
    await harness.makeUser(email);
    const { token } = await harness.signIn(email);
    await harness.call('POST', '/auth/request-password-reset', { email });
    const link = await harness.linkToken(email, 'reset-password');
    isBroken = true;
    const change = { token: link, newPassword: 'another-violet-kettle-9' };
    expect((await harness.call('POST', '/auth/reset-password', change)).status).toBe(503);
    isBroken = false;
    expect(await harness.identity.directory.byToken(token)).not.toBeNull();
    const answer = await harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword });
    expect(answer.status).toBe(200);
  });

  it('keeps an account from being made, by sign-up and by an operator', async () => {
    const failure = { code: 'SP_STORE_UNAVAILABLE' };
    const { accounts } = harness.identity;
    const account = { name: 'Robin Doe', email, roles: ['user'], emailVerified: true };
    isBroken = true;
    await expect(accounts.createUser(account)).rejects.toMatchObject(failure);
    await expect(accounts.importUsers([account])).rejects.toMatchObject(failure);
    const signUp = { name: 'Robin Doe', email, password: goodPassword };
    expect((await harness.call('POST', '/auth/sign-up/email', signUp)).status).toBe(503);
    expect(await accounts.findByEmail(email)).toBeNull();
    isBroken = false;
    expect(await accounts.importUsers([account])).toBe(1);
  });

  it('keeps a user from being banned, and a ban from being lifted', async () => {
    const failure = { code: 'SP_STORE_UNAVAILABLE' };
    const id = await harness.makeUser(email);
    const { accounts } = harness.identity;
    isBroken = true;
    await expect(accounts.setBanned(id, true)).rejects.toMatchObject(failure);
    expect(await accounts.findById(id)).toMatchObject({ isBanned: false });
    isBroken = false;
    await accounts.setBanned(id, true);
    isBroken = true;
    await expect(accounts.setBanned(id, false)).rejects.toMatchObject(failure);
    expect(await accounts.findById(id)).toMatchObject({ isBanned: true });
  });

  it('keeps an operator from ending sessions', async () => {
    const id = await harness.makeUser(email);
    const { token } = await harness.signIn(email);
    isBroken = true;
    await expect(harness.identity.accounts.endSessions(id)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(await harness.identity.directory.byToken(token)).not.toBeNull();
  });

  it('keeps links to choose a password from being made and mailed', async () => {
    const user = await harness.identity.accounts.findById(await harness.makeUser(email));
    if (user === null) throw new TypeError('the account is missing');
    isBroken = true;
    expect((await harness.call('POST', '/auth/request-password-reset', { email })).status).toBe(503);
    for (const how of ['mail', 'hand-over'] as const)
      await expect(harness.identity.accounts.invite(user, how)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(await harness.database.records.count({ model: 'verification' })).toBe(0);
    expect(await harness.mailTo(email, 0)).toEqual([]);
  });

  it('keeps a session from beginning', async () => {
    const id = await harness.makeUser(email);
    isBroken = true;
    const answer = await harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword });
    expect(answer).toMatchObject({ status: 503, cookie: undefined });
    expect(await harness.sessions.listLive(id, harness.now())).toEqual([]);
  });

  it('keeps an address from being verified', async () => {
    const browser = createBrowser(harness, '203.0.113.7');
    await browser.post('/auth/sign-up/email', { name: 'Robin Doe', email, password: goodPassword });
    const link = await harness.linkToken(email, 'verify-email');
    isBroken = true;
    const anew = { name: 'Robin', newPassword: 'another-violet-kettle-9' };
    // Without transactions the link is used up by the first attempt, and another one has to be asked for.
    const expected = [503, harness.database.hasTransactions ? 503 : 400];
    for (const [index, chosen] of [{}, anew].entries())
      expect((await browser.post('/auth/verify-email', { token: link, ...chosen })).status).toBe(expected[index]);
    expect(await harness.identity.accounts.findByEmail(email)).toMatchObject({ emailVerified: false });
  });
});

describe(onDatabase('an address that is taken at the same moment'), () => {
  it('is SP_CONFLICT for every operator but one, whatever database says so', async () => {
    const account = { name: 'Robin Doe', email, password: goodPassword, roles: ['user'], emailVerified: true };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, () => harness.identity.accounts.createUser(account)),
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(refusals).toHaveLength(3);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'SP_CONFLICT' });
  });
});
