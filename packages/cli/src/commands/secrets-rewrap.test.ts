import { randomBytes } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { anonymous, recordModels } from '@sallyport/core';
import { features } from '@sallyport/server';
import { createSealer } from '@sallyport/stores';
import { expect, it } from 'vitest';
import { withSystem, type System } from '../open-system.ts';
import {
  createWorkplace,
  firstSecret,
  goodPassword,
  secondSecret,
  type Workplace,
} from '../test-support/memory-terminal.ts';

const email = 'ada@example.test';
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** Does something as a gateway would that has the secret of the workplace now. */
async function asGateway<T>(place: Workplace, work: (system: System) => Promise<T>): Promise<T> {
  let result: T | undefined;
  const terminal = {
    environment: place.environment,
    workingFolder: place.folder,
    input: Readable.from([]),
    output: nowhere(),
    errors: nowhere(),
  };
  await withSystem(terminal, 'writes', async (system) => {
    result = await work(system);
    return 0;
  });
  return result as T; // Set by the work, or the line above has thrown.
}

async function post({ identity }: System, path: string, body: object, cookie = ''): Promise<Response> {
  const request = new Request(`http://localhost:3000${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify(body),
  });
  const context = { requestId: randomBytes(8).toString('hex'), clientAddress: '203.0.113.7', caller: anonymous };
  return identity.app.fetch(request, { context });
}

/** An account with everything that a version of the secret is in: a session, a known device, a link, a key, a factor. */
async function prepare(place: Workplace) {
  await place.run(['users', 'create-admin', '--email', email, '--password-stdin'], goodPassword);
  return asGateway(place, async (system) => {
    const answer = await post(system, '/auth/sign-in/email', { email, password: goodPassword });
    const [session = '', device = ''] = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
    const user = await system.identity.accounts.findByEmail(email);
    if (user === null) throw new Error('the account is missing');
    const link = await system.identity.accounts.invite(user, 'hand-over');
    await beginFactor(system, user.id);
    return {
      token: session.slice(session.indexOf('=') + 1),
      device,
      link,
      keys: system.stores.keyRing.publicKeys('internal'),
    };
  });
}

/** An authenticator app that is being set up, a recovery code, tokens of a provider, and what the OAuth provider keeps. */
async function beginFactor({ stores }: System, userId: string): Promise<void> {
  const times = { createdAt: new Date() };
  const rows = [
    { slot: 'begun', userId, method: 'totp', confirmedAt: null, lastUsedStep: 0, ...times },
    { userId, codeHash: 'of a code', usedAt: null, ...times },
    { handle: 'one', userId, provider: 'acme', state: 'kept', version: 1, attempts: 0, changedAt: new Date() },
    { artifactHash: 'of a token', kind: 'RefreshToken', expiresAt: new Date(Date.now() + 3_600_000), ...times },
  ];
  for (const [index, { model, column, purpose, contextOf }] of features.sealedColumns.entries()) {
    const row = rows[index] ?? expect.fail(`there is no row of ${model}`);
    const sealed = stores.sealerFor(purpose).seal('secret of the app', contextOf(row));
    await stores.database.records.create({ model, data: { ...row, [column]: sealed } });
  }
}

const sealedKeys = (system: System): Promise<{ sealedPrivate: string }[]> =>
  system.stores.database.records.findMany({ model: recordModels.key });

it('a rotation signs no user out and breaks no link: before and after what is sealed is sealed anew', async () => {
  const place = createWorkplace();
  place.environment['SALLYPORT_SECRET'] = `1:${firstSecret}`;
  const { token, device, link, keys } = await prepare(place);

  place.environment['SALLYPORT_SECRET'] = `2:${secondSecret},1:${firstSecret}`;
  await asGateway(place, async (system) => {
    expect(await system.identity.directory.byToken(token)).not.toBeNull();
    expect(system.stores.keyRing.publicKeys('internal')).toEqual(keys);
  });
  const dry = (await place.run(['secrets', 'rewrap', '--dry-run', '--json'])).json();
  const report = (await place.run(['secrets', 'rewrap', '--json'])).json();
  const outcomes = [
    { model: recordModels.key, column: 'sealedPrivate', rewrapped: 1, current: 0, unreadable: 0 },
    { model: recordModels.factor, column: 'sealed', rewrapped: 1, current: 0, unreadable: 0 },
    { model: recordModels.recoveryCode, column: 'sealedKey', rewrapped: 1, current: 0, unreadable: 0 },
    { model: recordModels.providerToken, column: 'sealed', rewrapped: 1, current: 0, unreadable: 0 },
    { model: recordModels.oauthArtifact, column: 'payload', rewrapped: 1, current: 0, unreadable: 0 },
  ];
  for (const answer of [dry, report]) expect(answer).toMatchObject({ newest: 2, old: [1], outcomes });
  expect((await place.run(['secrets', 'rewrap', '--json'])).json()).toMatchObject({
    outcomes: outcomes.map(() => ({ rewrapped: 0, current: 1 })),
  });

  await asGateway(place, async (system) => {
    expect(await sealedKeys(system)).toMatchObject([{ sealedPrivate: expect.stringMatching(/^v1\.2\./) as string }]);
    expect(system.stores.keyRing.publicKeys('internal')).toEqual(keys);
    expect(await system.identity.directory.byToken(token)).not.toBeNull();
    // The device is known as well: it passes although strangers have used up what is theirs.
    // One after the other: together they would be refused by load shedding on a crowded machine, and not be counted.
    for (let guess = 0; guess < 25; guess += 1) await post(system, '/auth/sign-in/email', { email, password: 'wrong' });
    expect((await post(system, '/auth/sign-in/email', { email, password: goodPassword })).status).toBe(429);
    expect((await post(system, '/auth/sign-in/email', { email, password: goodPassword }, device)).status).toBe(200);
    expect(
      (await post(system, '/auth/reset-password', { token: link, newPassword: 'another-violet-kettle-9' })).status,
    ).toBe(200);
  });
});

it('a version that is dropped before what it sealed is sealed anew stops the start, in words', async () => {
  const place = createWorkplace();
  place.environment['SALLYPORT_SECRET'] = `1:${firstSecret}`;
  await prepare(place);
  place.environment['SALLYPORT_SECRET'] = `2:${secondSecret}`;
  for (const args of [
    ['users', 'ban', email],
    ['secrets', 'rewrap'],
  ]) {
    const result = await place.run(args);
    expect(result.code).toBe(3);
    expect(result.errors).toMatch(/signing key .* was sealed under another root secret.*SALLYPORT_SECRET/);
    expect(result.errors).not.toMatch(/\n\s+at /);
  }
  expect((await place.run(['doctor'])).output).toMatch(/BAD +signing keys/);
});

it('a version that is dropped too early afterwards ends the sessions that it hashed, and nothing else', async () => {
  const place = createWorkplace();
  place.environment['SALLYPORT_SECRET'] = `1:${firstSecret}`;
  const { token, link, keys } = await prepare(place);
  place.environment['SALLYPORT_SECRET'] = `2:${secondSecret},1:${firstSecret}`;
  await place.run(['secrets', 'rewrap']);
  place.environment['SALLYPORT_SECRET'] = `2:${secondSecret}`;
  await asGateway(place, async (system) => {
    expect(system.stores.keyRing.publicKeys('internal')).toEqual(keys);
    expect(await system.identity.directory.byToken(token)).toBeNull();
    const reset = await post(system, '/auth/reset-password', { token: link, newPassword: 'another-violet-kettle-9' });
    expect(reset.status).toBe(400);
    expect((await post(system, '/auth/sign-in/email', { email, password: goodPassword })).status).toBe(200);
  });
});

it('a text that no version opens is counted and left as it is', async () => {
  const place = createWorkplace();
  place.environment['SALLYPORT_SECRET'] = `2:${secondSecret},1:${firstSecret}`;
  await prepare(place);
  const foreign = createSealer([{ version: 1, value: 'Pq7Ws2Xe9Rc4Tv6Yb1Un8Im3Ok5Lj0Hg' }])('key-ring').seal(
    'x',
    'internal/retired',
  );
  await asGateway(place, async (system) => {
    await system.stores.database.records.create({
      model: recordModels.key,
      data: {
        kid: 'retired',
        use: 'internal',
        alg: 'ES256',
        state: 'retiring',
        slot: null,
        signFrom: new Date(0),
        verifyUntil: new Date(1),
        publicJwk: '{}',
        sealedPrivate: foreign,
      },
    });
  });
  const result = await place.run(['secrets', 'rewrap', '--json']);
  expect(result.code).toBe(1);
  expect(result.json()).toMatchObject({
    outcomes: [{ rewrapped: 0, current: 1, unreadable: 1 }, ...features.sealedColumns.map(() => ({ unreadable: 0 }))],
  });
  await asGateway(place, async (system) => {
    expect((await sealedKeys(system)).map(({ sealedPrivate }) => sealedPrivate)).toContain(foreign);
  });
});
