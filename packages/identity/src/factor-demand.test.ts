import { createInProcessBus, createRecordSessionStore, createSealer } from '@sallyport/stores';
import type { AssuranceLevel } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserTable } from './accounts/user-table.ts';
import { signInMethods } from './engine/sign-in-methods.ts';
import { createFactorAssurance } from './features/second-factor/factor-assurance.ts';
import { createFactorTable } from './features/second-factor/factor-table.ts';
import { beginSignIn, codeOf, makeAppOwner, setUpApp, verify } from './features/second-factor/factor.test-support.ts';
import { firstSecret, goodPassword, startHarness, testPolicy, type Harness } from './identity.test-support.ts';
import { createIdentity } from './identity.ts';
import { createSessionMaker, InsufficientAssuranceError, newSessionToken } from './sessions/session-maker.ts';

const email = 'robin@example.test';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ features: { secondFactor: { requiredFor: ['admin'] } } });
});
afterEach(() => harness.close());

/** Every sign-in method that there is, and some that there may be. */
const everyMethod: readonly { readonly name: string; readonly acr: AssuranceLevel; readonly amr: readonly string[] }[] =
  [
    ...Object.entries(signInMethods).map(([name, method]) => ({ name, ...method })),
    { name: 'a link by mail', acr: 'pwd', amr: ['mca'] },
    { name: 'another provider', acr: 'pwd', amr: ['fed'] },
    { name: 'another provider that says mfa', acr: 'mfa', amr: ['fed', 'mfa'] },
    { name: 'a passkey', acr: 'phr', amr: ['hwk', 'user'] },
  ];

describe.each(everyMethod)('the sign-in method $name', ({ acr, amr }) => {
  const makeSession = () => {
    const sealerFor = createSealer([firstSecret]);
    const { records } = harness.database;
    const { now } = harness;
    const factors = createFactorTable(records, sealerFor('second-factor'), now);
    return createSessionMaker({
      sessions: createRecordSessionStore(records),
      users: createUserTable(records, now),
      requiredAssurance: createFactorAssurance(factors, ['admin']),
      sealer: sealerFor('session-token'),
      lifetime: { idleSeconds: 60, absoluteSeconds: 600 },
      now,
    });
  };
  const comeIn = (userId: string) =>
    makeSession()({ token: newSessionToken(), userId, acr, amr, userAgent: '', address: '203.0.113.7' });

  it('makes a session for an account that demands no more', async () => {
    expect(await comeIn(await harness.makeUser(email))).toMatchObject({ acr, amr });
  });

  it.each([
    { demand: 'has a second factor', make: async () => (await makeAppOwner(harness, email)).id },
    { demand: 'holds a role that demands one', make: () => harness.makeUser(email, ['user', 'admin']) },
  ])('makes none that is weaker than the account demands, which $demand', async ({ make }) => {
    const id = await make();
    const before = await harness.sessions.listLive(id, harness.now());
    const coming = comeIn(id);
    if (acr === 'pwd') await expect(coming).rejects.toThrow(InsufficientAssuranceError);
    else expect(await coming).toMatchObject({ acr });
    const after = await harness.sessions.listLive(id, harness.now());
    expect(after).toHaveLength(before.length + (acr === 'pwd' ? 0 : 1));
  });
});

describe('a role that demands a second factor', () => {
  it('gives a user who has none no session, but the way to set one up', async () => {
    const id = await harness.makeUser(email, ['admin']);
    const pending = await beginSignIn(harness, email);
    expect(pending.answer).toMatchObject({
      status: 200,
      body: { status: 'second-factor-set-up-required', methods: ['totp'] },
      cookie: undefined,
    });
    const shown = await harness.call('GET', '/auth/second-factor/pending', undefined, pending);
    expect(shown.body).toMatchObject({ status: 'pending', purpose: 'set-up', methods: [{ method: 'totp' }] });
    expect(await verify(harness, pending, '123456')).toMatchObject({
      status: 401,
      body: { code: 'SP_SIGN_IN_EXPIRED' },
    });
    for (const path of ['/auth/second-factor', '/auth/sessions', '/auth/step-up'])
      expect(await harness.call('GET', path, undefined, pending)).toMatchObject({ status: 401 });

    const { answer, recoveryCodes, secret } = await setUpApp(harness, pending);
    expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in', user: { id } }, pending: '' });
    expect(recoveryCodes).toHaveLength(10);
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    expect(session?.principal).toMatchObject({ acr: 'mfa', amr: ['pwd', 'otp'] });

    harness.advance(60);
    const next = await beginSignIn(harness, email);
    expect(next.answer.body).toMatchObject({ status: 'second-factor-required' });
    expect(await verify(harness, next, codeOf(harness, secret))).toMatchObject({ status: 200 });
  });

  it('voids the other sign-ins that wait for it, once it is set up in one', async () => {
    await harness.makeUser(email, ['admin']);
    const first = await beginSignIn(harness, email);
    const second = await beginSignIn(harness, email);
    expect((await setUpApp(harness, first)).answer).toMatchObject({ status: 200 });
    const late = await harness.call('POST', '/auth/second-factor/totp/start', undefined, second);
    expect(late).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
  });

  it('ends the sessions that are too weak for it, at the moment a user gets it', async () => {
    const id = await harness.makeUser(email);
    const weak = await harness.signIn(email);
    await harness.identity.accounts.setRoles(id, ['admin']);
    expect(await harness.identity.directory.byToken(weak.token)).toBeNull();
    expect(await harness.sessions.findBySid(weak.sid)).toMatchObject({ revokedBecause: 'roles-changed' });
    expect(harness.heard.map((message) => message.kind === 'revocation' && message.event.kind)).toEqual([
      'user',
      'session',
    ]);
  });

  it('leaves the sessions that are strong enough', async () => {
    const owner = await makeAppOwner(harness, email);
    await harness.identity.accounts.setRoles(owner.id, ['admin']);
    expect(await harness.identity.directory.bySid(owner.sid)).not.toBeNull();
  });

  it('is a role that demands it from the next start on, for sessions that are there already', async () => {
    await harness.makeUser(email, ['vendor']);
    const { token } = await harness.signIn(email);
    const stricter = await startHarness({
      database: harness.database,
      sessions: harness.sessions,
      features: { secondFactor: { requiredFor: ['vendor'] } },
    });
    expect(await harness.identity.directory.byToken(token)).not.toBeNull();
    expect(await stricter.identity.directory.byToken(token)).toBeNull();
    await stricter.close();
  });

  it('does not let go of the last second factor', async () => {
    const owner = await makeStrictOwner();
    const answer = await harness.call('DELETE', '/auth/second-factor/totp', undefined, { caller: owner.caller });
    expect(answer).toMatchObject({ status: 409, body: { code: 'SP_SECOND_FACTOR_DEMANDED' } });
    const status = await harness.call('GET', '/auth/second-factor', undefined, { caller: owner.caller });
    expect(status.body).toMatchObject({ required: true, factors: [{ method: 'totp' }] });
  });

  it('asks for one anew after a reset by an administrator', async () => {
    const owner = await makeStrictOwner();
    const other = await makeStrictOwner('ada@example.test');
    await harness.call('DELETE', `/auth/users/${other.id}/second-factor`, undefined, { caller: owner.caller });
    expect((await beginSignIn(harness, 'ada@example.test')).answer).toMatchObject({
      body: { status: 'second-factor-set-up-required' },
    });
  });

  it('must be a role of the policy, and some method must be on', async () => {
    const create = (secondFactor: object) =>
      createIdentity({
        publicUrl: 'http://localhost:3000',
        database: harness.database,
        sessions: harness.sessions,
        sealerFor: createSealer([firstSecret]),
        bus: createInProcessBus(),
        counters: {
          increment: () => Promise.reject(new Error()),
          decrement: () => Promise.reject(new Error()),
          read: () => Promise.reject(new Error()),
          reset: () => Promise.reject(new Error()),
        },
        mailer: { send: () => Promise.resolve() },
        policy: testPolicy,
        features: { secondFactor },
      });
    await expect(create({ requiredFor: ['king'] })).rejects.toThrow(
      'secondFactor.requiredFor names the undeclared role king',
    );
    await expect(create({ requiredFor: ['admin'], methods: [] })).rejects.toThrow('secondFactor.methods is empty');
  });

  it('does not change what a wrong password gets', async () => {
    await harness.makeUser(email, ['admin']);
    const answer = await harness.call('POST', '/auth/sign-in/email', { email, password: `${goodPassword}x` });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_CREDENTIALS_INVALID' }, pending: undefined });
  });

  async function makeStrictOwner(
    address = email,
  ): Promise<{ id: string; caller: Awaited<ReturnType<typeof beginSignIn>>['caller'] & object }> {
    const id = await harness.makeUser(address, ['admin']);
    const { answer } = await setUpApp(harness, await beginSignIn(harness, address));
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    if (session === null) throw new Error('there is no session');
    return { id, caller: session.principal };
  }
});
