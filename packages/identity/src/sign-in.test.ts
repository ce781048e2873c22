import { createInProcessBus, createInProcessCounters, createSealer, openEmbeddedDatabase } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anonymous } from '@sallyport/core';
import { createBrowser } from './browser.test-support.ts';
import { costlyHashing } from './hashing/in-process-hashing.test-support.ts';
import {
  firstSecret,
  goodPassword,
  isEmbedded,
  onDatabase,
  startHarness,
  testPolicy,
  type Answer,
  type Harness,
} from './identity.test-support.ts';
import { createIdentity } from './identity.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const email = 'robin@example.test';
const rightSignIn = { email, password: goodPassword };

describe(onDatabase('sign-in'), () => {
  it('hands out a cookie, and the token nowhere else', async () => {
    const id = await harness.makeUser(email);
    const answer = await harness.call('POST', '/auth/sign-in/email', { ...rightSignIn, returnTo: '/account?tab=1' });
    expect(answer).toMatchObject({
      status: 200,
      body: { user: { id, name: 'Robin Doe', email, roles: ['user'] }, returnTo: '/account?tab=1' },
    });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^sallyport-3000=[A-Za-z0-9_-]{32,128}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/),
      expect.stringMatching(/^sallyport-3000-device=[\w.~-]+; Path=\/; Max-Age=15552000; HttpOnly; SameSite=Strict$/),
    ]);
    expect(answer.text).not.toContain(answer.cookie);
  });

  it('makes a session that the gateway can look up by token and by sid', async () => {
    const id = await harness.makeUser(email);
    const { token, sid } = await harness.signIn(email);
    const session = await harness.identity.directory.byToken(token);
    expect(session).toEqual(await harness.identity.directory.bySid(sid));
    expect(session?.principal).toMatchObject({
      kind: 'user',
      id,
      sid,
      roles: ['user'],
      permissions: ['product:read'],
      acr: 'pwd',
      amr: ['pwd'],
      authTime: harness.now(),
      credential: 'session',
      generation: { session: 1, user: 1, policy: 0 },
      profile: { name: 'Robin Doe', email },
    });
  });

  it('leaves the cookie of another scheme to https', async () => {
    const secure = await startHarness({ publicUrl: 'https://app.example.test' });
    await secure.makeUser(email);
    const answer = await secure.call('POST', '/auth/sign-in/email', rightSignIn);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-sallyport=[^;]+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure$/),
      expect.stringMatching(
        /^__Host-sallyport-device=[^;]+; Path=\/; Max-Age=15552000; HttpOnly; SameSite=Strict; Secure$/,
      ),
    ]);
    await secure.close();
  });

  it('answers the same for an unknown address and a wrong password', async () => {
    await harness.makeUser(email);
    const wrong = await harness.call('POST', '/auth/sign-in/email', { email, password: 'not the password' });
    const unknown = await harness.call('POST', '/auth/sign-in/email', {
      email: 'unknown@x.test',
      password: 'not the password',
    });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'SP_CREDENTIALS_INVALID' }, cookie: undefined });
    expect(wrong.text).toBe(unknown.text);
    expect([...wrong.headers]).toEqual([...unknown.headers]);
  });

  it('verifies the whole password', async () => {
    const password = `${'q7RkZt0Vw3'.repeat(10)}-the-end`;
    await harness.identity.accounts.createUser({ name: 'R', email, password, roles: [], emailVerified: true });
    const cut = await harness.call('POST', '/auth/sign-in/email', { email, password: password.slice(0, 72) });
    expect(cut.status).toBe(401);
    expect((await harness.call('POST', '/auth/sign-in/email', { email, password })).status).toBe(200);
  });

  it('takes a password in either Unicode form', async () => {
    const password = 'grüße-an-die-fröhliche-änderung';
    await harness.identity.accounts.createUser({ name: 'R', email, password, roles: [], emailVerified: true });
    const answer = await harness.call('POST', '/auth/sign-in/email', { email, password: password.normalize('NFD') });
    expect(answer.status).toBe(200);
  });

  it('refuses a banned user, and the sessions that the user has', async () => {
    const id = await harness.makeUser(email);
    const { token } = await harness.signIn(email);
    await harness.database.records.updateMany({
      model: 'user',
      where: [{ field: 'id', value: id }],
      update: { bannedAt: harness.now() },
    });
    expect(await harness.call('POST', '/auth/sign-in/email', rightSignIn)).toMatchObject({
      status: 401,
      cookie: undefined,
    });
    expect(await harness.identity.directory.byToken(token)).toBeNull();
    expect(await harness.sessions.listLive(id, harness.now())).toHaveLength(1);
  });

  it('ends the session that the same browser had', async () => {
    await harness.makeUser(email);
    const before = await harness.signIn(email);
    const after = await harness.signIn(email, { caller: before.caller });
    expect(await harness.identity.directory.byToken(before.token)).toBeNull();
    expect(await harness.identity.directory.byToken(after.token)).not.toBeNull();
    expect(harness.heard).toMatchObject([
      { kind: 'revocation', event: { kind: 'session', id: before.sid, reason: 'replaced-by-sign-in' } },
    ]);
    expect(await harness.sessions.findBySid(before.sid)).toMatchObject({ revokedBecause: 'replaced-by-sign-in' });
  });

  it('keeps every session of eight browsers that sign in at once', async () => {
    const id = await harness.makeUser(email);
    const signedIn = await Promise.all(Array.from({ length: 8 }, () => harness.signIn(email)));
    expect(new Set(signedIn.map(({ token }) => token)).size).toBe(8);
    expect(await harness.sessions.listLive(id, harness.now())).toHaveLength(8);
  });

  it('goes home when the page to return to is not one of ours', async () => {
    await harness.makeUser(email);
    const answer = await harness.call('POST', '/auth/sign-in/email', { ...rightSignIn, returnTo: '//evil.test' });
    expect(answer.body).toMatchObject({ returnTo: '/' });
  });

  it('records what happened without an address or a secret', async () => {
    const id = await harness.makeUser(email);
    const { sid } = await harness.signIn(email);
    await harness.call('POST', '/auth/sign-in/email', { email, password: 'not the password' });
    await harness.call('POST', '/auth/sign-in/email', { email: 'unknown@x.test', password: 'not the password' });
    const events = (await harness.events()).filter(({ type }) => String(type).startsWith('sign-in'));
    expect(events).toMatchObject([
      {
        type: 'sign-in.succeeded',
        outcome: 'success',
        actor: id,
        target: id,
        sid,
        requestId: 'req-test',
        address: '203.0.113.7',
      },
      { type: 'sign-in.refused', outcome: 'refused', actor: null, target: id },
      { type: 'sign-in.refused', outcome: 'refused', actor: null, target: null },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/example\.test|x\.test|password"/);
  });
});

describe(onDatabase('secrets at rest'), () => {
  it('are nowhere in the database and in no log line', async () => {
    const browser = createBrowser(harness, '203.0.113.7');
    await browser.post('/auth/sign-up/email', { name: 'Robin Doe', ...rightSignIn });
    const verifyToken = await harness.linkToken(email, 'verify-email');
    await browser.post('/auth/verify-email', { token: verifyToken });
    const { token } = await harness.signIn(email);
    await harness.call('POST', '/auth/request-password-reset', { email });
    const resetToken = await harness.linkToken(email, 'reset-password', 2);
    expect(resetToken).toHaveLength(43);
    const bytes = await harness.dump();
    expect(bytes).toContain(email);
    for (const secret of [token, verifyToken, resetToken, goodPassword]) {
      expect(bytes).not.toContain(secret);
      expect(harness.logLines.join('')).not.toContain(secret);
    }
    expect(await harness.database.records.count({ model: 'session' })).toBe(0);
  });

  it('hold passwords as argon2id with 19 MiB and two passes', async () => {
    await harness.close();
    harness = await startHarness({ hashingThreads: costlyHashing });
    await harness.makeUser(email);
    const [account] = await harness.database.records.findMany<{ password: string }>({ model: 'account' });
    expect(account?.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });
});

describe.skipIf(!isEmbedded())(onDatabase('a database that cannot be written'), () => {
  it.each([
    { name: 'full', fault: 'PRAGMA max_page_count = 1', mended: 'PRAGMA max_page_count = 1000000' },
    { name: 'read-only', fault: 'PRAGMA query_only = ON', mended: 'PRAGMA query_only = OFF' },
  ])('because it is $name makes sign-in 503 without a cookie, and recovers', async ({ fault, mended }) => {
    await harness.makeUser(email);
    // SQLite never goes below the pages that there are; what is free among them is used up first.
    harness.sqlite.exec(fault);
    const answers: Answer[] = [];
    for (let count = 0; count < 60 && answers.at(-1)?.status !== 503; count += 1)
      answers.push(await harness.call('POST', '/auth/sign-in/email', rightSignIn));
    expect(answers.at(-1)).toMatchObject({ status: 503, body: { code: 'SP_STORE_UNAVAILABLE' }, cookie: undefined });
    harness.sqlite.exec(mended);
    expect((await harness.call('POST', '/auth/sign-in/email', rightSignIn)).status).toBe(200);
  });
});

describe(onDatabase('a new version of the root secret'), () => {
  it('signs no user out, and leaves mailed links alive', async () => {
    await harness.makeUser(email);
    const { token } = await harness.signIn(email);
    await harness.call('POST', '/auth/request-password-reset', { email });
    const resetToken = await harness.linkToken(email, 'reset-password');
    const { database, sessions } = harness;
    const newer = await createIdentity({
      publicUrl: 'http://localhost:3000',
      database,
      sessions,
      sealerFor: createSealer([{ version: 2, value: 'Zt4Nq8Wx1Kd7Rb3Ym9Hc5Vf2Lg6Js0Pa' }, firstSecret]),
      bus: createInProcessBus(),
      counters: createInProcessCounters(),
      mailer: { send: async () => {} },
      policy: testPolicy,
      answerFloorMilliseconds: 0,
      now: harness.now,
    });
    expect(await newer.directory.byToken(token)).not.toBeNull();
    const request = new Request('http://localhost:3000/auth/reset-password', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: resetToken, newPassword: 'another-violet-kettle-9' }),
    });
    const context = { requestId: 'req-test', clientAddress: '203.0.113.7', caller: anonymous };
    expect((await newer.app.fetch(request, { context })).status).toBe(200);
    await newer.close();
  });
});

describe.skipIf(!isEmbedded())(onDatabase('a database that is locked'), () => {
  it('makes sign-in 503 without a cookie, counts nothing, and recovers', async () => {
    await harness.makeUser(email);
    const other = openEmbeddedDatabase({ file: harness.file });
    other.exec('BEGIN EXCLUSIVE');
    for (let count = 0; count < 3; count += 1) {
      const answer = await harness.call('POST', '/auth/sign-in/email', rightSignIn);
      expect(answer).toMatchObject({ status: 503, body: { code: 'SP_STORE_UNAVAILABLE' }, cookie: undefined });
      expect(answer.headers.get('retry-after')).not.toBeNull();
    }
    other.exec('ROLLBACK');
    other.close();
    expect((await harness.call('POST', '/auth/sign-in/email', rightSignIn)).status).toBe(200);
    expect(
      await harness.sessions.listLive((await harness.identity.accounts.findByEmail(email))?.id ?? '', harness.now()),
    ).toHaveLength(1);
  });

  it.each([
    {
      name: 'sign-up',
      path: '/auth/sign-up/email',
      body: { name: 'New', email: 'new@x.test', password: goodPassword },
    },
    { name: 'a mailed link', path: '/auth/request-password-reset', body: { email } },
  ])('makes $name 503, and leaves nothing half-done', async ({ path, body }) => {
    await harness.makeUser(email);
    const other = openEmbeddedDatabase({ file: harness.file });
    other.exec('BEGIN EXCLUSIVE');
    expect((await harness.call('POST', path, body)).status).toBe(503);
    other.exec('ROLLBACK');
    other.close();
    expect(await harness.identity.accounts.findByEmail('new@x.test')).toBeNull();
    expect((await harness.call('POST', path, body)).status).toBe(200);
  });

  it('signs no user out', async () => {
    await harness.makeUser(email);
    const { caller, token } = await harness.signIn(email);
    const other = openEmbeddedDatabase({ file: harness.file });
    other.exec('BEGIN EXCLUSIVE');
    const answer = await harness.call('POST', '/auth/sign-out', undefined, { caller });
    expect(answer).toMatchObject({ status: 503, cookie: undefined });
    expect(answer.headers.get('set-cookie')).toBeNull();
    other.exec('ROLLBACK');
    other.close();
    expect(await harness.identity.directory.byToken(token)).not.toBeNull();
    expect(harness.heard).toEqual([]);
  });

  it('is not the end of a session for the gateway either', async () => {
    await harness.makeUser(email);
    const { token } = await harness.signIn(email);
    harness.sqlite.close();
    await expect(harness.identity.directory.byToken(token)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    harness.sqlite.open();
    expect(await harness.identity.directory.byToken(token)).not.toBeNull();
  });
});
