import type { Caller } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRace, onDatabase, startHarness, type Answer, type Harness } from '../../identity.test-support.ts';
import { madeOf, makeKey, operate, present, startKeyHarness } from './api-key.test-support.ts';

const email = 'robin@example.test';
const day = 86_400;

let harness: Harness;
let caller: Caller;
let ownerId: string;
beforeEach(async () => {
  harness = await startKeyHarness();
  ownerId = await harness.makeUser(email);
  ({ caller } = await harness.signIn(email));
});
afterEach(() => harness.close());

const post = (path: string, body: unknown, by: Caller = caller): Promise<Answer> =>
  harness.call('POST', `/auth/api-keys${path}`, body, { caller: by });
const list = async (by: Caller = caller): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const { body } = await harness.call('GET', '/auth/api-keys', undefined, { caller: by });
  return (body as { readonly keys: readonly Readonly<Record<string, unknown>>[] }).keys;
};
const revoke = (id: string, by: Caller = caller): Promise<Answer> =>
  harness.call('DELETE', `/auth/api-keys/${id}`, undefined, { caller: by });
const eventsOf = async (type: string) => (await harness.events()).filter((event) => event['type'] === type);

describe(onDatabase('an API key that is made'), () => {
  it('is shown whole once, and kept as an HMAC', async () => {
    const { key, secret } = await makeKey(harness, caller);
    expect(key).toMatchObject({ name: 'Nightly export', scopes: ['product:read'], hint: secret.slice(0, 11) });
    expect(key).toMatchObject({ isExpired: false, lastUsedAt: null, previous: null });
    expect(await list()).toEqual([key]);
    expect(await harness.dump()).not.toContain(secret);
    expect(harness.logLines.join('\n')).not.toContain(secret);
    const events = await eventsOf('api-key.created');
    expect(events).toMatchObject([{ actor: ownerId, target: ownerId, outcome: 'success' }]);
    expect(JSON.stringify(events)).not.toContain(secret);
  });

  it('is told to its owner, without the secret', async () => {
    const { secret } = await makeKey(harness, caller);
    const [mail] = await harness.mailTo(email, 1);
    expect(mail?.kind).toBe('api-key-created');
    expect(JSON.stringify(mail)).not.toContain(secret);
  });

  it('lives as long as the owner says, and as the configuration says where the owner does not', async () => {
    const lives = async (days?: number): Promise<number> => {
      const { key } = await makeKey(harness, caller, days === undefined ? {} : { days });
      return Math.round((Date.parse(key.expiresAt) - Date.parse(key.createdAt)) / 1000 / day);
    };
    expect([await lives(), await lives(1), await lives(365)]).toEqual([90, 1, 365]);
  });

  it.each([
    ['a permission that its owner does not hold', { scopes: ['user:manage'] }, 422],
    ['a permission that there is not', { scopes: ['product:sell'] }, 422],
    ['all permissions of a family', { scopes: ['product:*'] }, 422],
    ['something that is no permission', { scopes: ['__proto__'] }, 422],
    ['scopes that are no list', { scopes: 'product:read' }, 422],
    ['no scopes at all', { scopes: undefined }, 422],
    ['no name', { name: '  ' }, 422],
    ['a name of several lines', { name: 'a\nb' }, 422],
    ['a name that is too long', { name: 'a'.repeat(101) }, 422],
    ['a life that is longer than any may be', { days: 366 }, 422],
    ['a life of no time', { days: 0 }, 422],
    ['half a day', { days: 0.5 }, 422],
    ['a secret of its own', { secret: `sp_key_${'a'.repeat(38)}` }, 422],
    ['an owner', { owner: { kind: 'user', id: 'someone' } }, 422],
    ['an assurance', { acr: 'phr' }, 422],
  ])('is refused with %s', async (_name, change, status) => {
    const answer = await post('', { name: 'Nightly export', scopes: ['product:read'], ...change });
    expect(answer).toMatchObject({ status, body: { code: 'SP_VALIDATION_FAILED' } });
    expect(await list()).toEqual([]);
    expect(await eventsOf('api-key.created')).toEqual([]);
  });

  it('needs a recent sign-in, and so does a rotation; to revoke does not', async () => {
    const { key } = await makeKey(harness, caller);
    harness.advance(601);
    const stepUp = { status: 401, body: { code: 'SP_STEP_UP_REQUIRED' } };
    expect(await post('', { name: 'Late', scopes: [] })).toMatchObject(stepUp);
    expect(await post(`/${key.id}/rotate`, {})).toMatchObject(stepUp);
    expect((await revoke(key.id)).status).toBe(204);
  });

  it('is for people who are signed in, and not for what is no session', async () => {
    const { key, secret } = await makeKey(harness, caller);
    const found = await present(harness, secret);
    const byKey = typeof found === 'string' ? undefined : found.principal;
    for (const by of [{ kind: 'anonymous' } as const, byKey ?? caller]) {
      expect((await harness.call('GET', '/auth/api-keys', undefined, { caller: by })).status).toBe(401);
      expect((await post('', { name: 'Mine', scopes: [] }, by)).status).toBe(401);
      expect((await post(`/${key.id}/rotate`, {}, by)).status).toBe(401);
      expect((await revoke(key.id, by)).status).toBe(401);
    }
  });

  it('is one of so many at most', async () => {
    await harness.close();
    harness = await startKeyHarness({ features: { apiKeys: { maxPerOwner: 2 } } });
    await harness.makeUser(email);
    ({ caller } = await harness.signIn(email));
    const [{ key }] = [await makeKey(harness, caller), await makeKey(harness, caller)];
    const refused = { status: 409, body: { code: 'SP_TOO_MANY_KEYS' } };
    expect(await post('', { name: 'Third', scopes: [] })).toMatchObject(refused);
    await revoke(key.id);
    expect((await post('', { name: 'Third', scopes: [] })).status).toBe(201);
    expect(await post('', { name: 'Fourth', scopes: [] })).toMatchObject(refused);
  });

  it('is not made where its event cannot be written', async () => {
    await harness.close();
    let isBroken = false;
    harness = await startKeyHarness({
      events: { append: () => (isBroken ? Promise.reject(new Error('disk full')) : Promise.resolve()) },
    });
    await harness.makeUser(email);
    ({ caller } = await harness.signIn(email));
    isBroken = true;
    expect((await post('', { name: 'Unseen', scopes: [] })).status).toBeGreaterThanOrEqual(500);
    if (harness.database.hasTransactions) expect(await list()).toEqual([]);
  });
});

describe(onDatabase('a rotation'), () => {
  it('gives another secret, and the old one works on for a while', async () => {
    const { key, secret } = await makeKey(harness, caller);
    const answer = await post(`/${key.id}/rotate`, { overlapSeconds: 100 });
    const next = madeOf(answer);
    expect(answer.status).toBe(200);
    expect(next.key.id).toBe(key.id);
    expect(next.secret).not.toBe(secret);
    const until = new Date(harness.now().getTime() + 100_000);
    expect(next.key.previous).toEqual({ until: until.toISOString(), lastUsedAt: null });
    expect(await present(harness, secret)).toMatchObject({ credentialId: `${key.id}.1`, expiresAt: until });
    expect(await present(harness, next.secret)).toMatchObject({ credentialId: `${key.id}.2` });
    harness.advance(100);
    expect(await present(harness, secret)).toBe('api-key-replaced');
    expect(await present(harness, next.secret)).toMatchObject({ credentialId: `${key.id}.2` });
    expect(await harness.dump()).not.toContain(next.secret);
    // Caches read the old secret again; tokens that were made for it hold.
    expect(harness.heard).toMatchObject([{ event: { kind: 'client', id: key.id, minGeneration: 1 } }]);
  });

  it('ends the old secret at once where that is asked for, and refuses what was made for it', async () => {
    const { key, secret } = await makeKey(harness, caller);
    await post(`/${key.id}/rotate`, { overlapSeconds: 0 });
    expect(await present(harness, secret)).toBe('api-key-unknown');
    expect(harness.heard).toMatchObject([{ event: { kind: 'client', id: key.id, minGeneration: 2 } }]);
  });

  it('is refused while two secrets work, but for one that ends both', async () => {
    const { key, secret } = await makeKey(harness, caller);
    const second = madeOf(await post(`/${key.id}/rotate`, {}));
    expect(await post(`/${key.id}/rotate`, {})).toMatchObject({ status: 409, body: { code: 'SP_CONFLICT' } });
    const third = madeOf(await post(`/${key.id}/rotate`, { overlapSeconds: 0 }));
    expect(await Promise.all([secret, second.secret].map((old) => present(harness, old)))).toEqual([
      'api-key-unknown',
      'api-key-unknown',
    ]);
    expect(await present(harness, third.secret)).toMatchObject({ credentialId: `${key.id}.3` });
  });

  it('never makes the old secret live longer than it would have', async () => {
    const { key, secret } = await makeKey(harness, caller, { days: 1 });
    harness.advance(day - 10);
    const { caller: again } = await harness.signIn(email);
    const next = madeOf(await post(`/${key.id}/rotate`, { overlapSeconds: 3600 }, again));
    harness.advance(10);
    expect(await present(harness, secret)).toBe('api-key-replaced');
    expect(await present(harness, next.secret)).not.toBeTypeOf('string');
  });

  it.each([
    ['an unknown key', () => `key_${'0'.repeat(20)}`, {}, 404],
    ['what is no handle', () => 'x', {}, 404],
    ['an overlap that is too long', (id: string) => id, { overlapSeconds: 31 * day }, 422],
    ['an overlap of less than nothing', (id: string) => id, { overlapSeconds: -1 }, 422],
    ['a field that there is not', (id: string) => id, { secret: 'x' }, 422],
  ])('is refused for %s', async (_name, idOf, body, status) => {
    const { key, secret } = await makeKey(harness, caller);
    expect((await post(`/${idOf(key.id)}/rotate`, body)).status).toBe(status);
    expect(await present(harness, secret)).toMatchObject({ credentialId: `${key.id}.1` });
  });

  it('is refused for a key that has expired or was revoked', async () => {
    const [{ key: expired }, { key: revoked }] = [
      await makeKey(harness, caller, { days: 1 }),
      await makeKey(harness, caller),
    ];
    await revoke(revoked.id);
    harness.advance(day);
    const { caller: again } = await harness.signIn(email);
    for (const { id } of [expired, revoked]) expect((await post(`/${id}/rotate`, {}, again)).status).toBe(404);
    expect(await list(again)).toMatchObject([{ id: expired.id, isExpired: true }]);
  });
});

describe(onDatabase('a revocation'), () => {
  it('is durable, then heard, and then answered; once', async () => {
    const { key, secret } = await makeKey(harness, caller);
    expect((await revoke(key.id)).status).toBe(204);
    expect(await present(harness, secret)).toBe('api-key-revoked');
    expect(harness.heard).toMatchObject([
      { event: { kind: 'client', id: key.id, minGeneration: Number.MAX_SAFE_INTEGER } },
    ]);
    expect((await revoke(key.id)).status).toBe(404);
    expect(await eventsOf('api-key.revoked')).toHaveLength(1);
    expect(await list()).toEqual([]);
  });

  it('of the key of another is not found, as is one that never was, and changes nothing', async () => {
    await harness.makeUser('eve@example.test');
    const { caller: eve } = await harness.signIn('eve@example.test');
    const { key, secret } = await makeKey(harness, caller);
    for (const id of [key.id, `key_${'0'.repeat(20)}`, 'x', '%00', `${key.id}%2e1`])
      expect((await revoke(id, eve)).status).toBe(404);
    expect((await post(`/${key.id}/rotate`, {}, eve)).status).toBe(404);
    expect(await list(eve)).toEqual([]);
    expect(await present(harness, secret)).toMatchObject({ credentialId: `${key.id}.1` });
    expect(harness.heard).toEqual([]);
  });

  it.runIf(canRace())('meets a rotation: afterwards neither secret works', async () => {
    for (let round = 0; round < 5; round++) {
      const { key, secret } = await makeKey(harness, caller);
      const [rotated, revoked] = await Promise.all([post(`/${key.id}/rotate`, {}), revoke(key.id)]);
      expect([204, 404]).toContain(revoked.status);
      if (revoked.status === 404) await revoke(key.id);
      const secrets = rotated.status === 200 ? [secret, madeOf(rotated).secret] : [secret];
      for (const old of secrets) expect(await present(harness, old)).toBe('api-key-revoked');
    }
  });

  it.runIf(canRace())('of two rotations at the same time lets one pass', async () => {
    for (let round = 0; round < 5; round++) {
      const { key } = await makeKey(harness, caller);
      const answers = await Promise.all([post(`/${key.id}/rotate`, {}), post(`/${key.id}/rotate`, {})]);
      expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 409]);
      const won = answers.find(({ status }) => status === 200);
      if (won !== undefined) expect(await present(harness, madeOf(won).secret)).not.toBeTypeOf('string');
      await revoke(key.id);
    }
  });
});

describe(onDatabase('operators'), () => {
  it('make, rotate, list and revoke keys of any owner, and events name them', async () => {
    const owner = { kind: 'user', id: ownerId };
    const made = await operate(harness, 'api-keys/create', { owner, name: 'Cron', scopes: ['product:read'] });
    const { key, secret } = made as { readonly key: { readonly keyId: string }; readonly secret: string };
    expect(await present(harness, secret)).not.toBeTypeOf('string');
    expect(await operate(harness, 'api-keys/list', { owner })).toMatchObject([{ keyId: key.keyId }]);
    await operate(harness, 'api-keys/rotate', { keyId: key.keyId, overlapSeconds: 0 });
    expect(await operate(harness, 'api-keys/revoke', { keyId: key.keyId })).toBe(true);
    expect(await operate(harness, 'api-keys/revoke', { keyId: key.keyId })).toBe(false);
    for (const type of ['api-key.created', 'api-key.rotated', 'api-key.revoked'])
      expect(await eventsOf(type)).toMatchObject([{ actor: 'operator:ada', target: ownerId }]);
  });

  it('revoke all keys of an owner at once', async () => {
    const secrets = [(await makeKey(harness, caller)).secret, (await makeKey(harness, caller)).secret];
    const owner = { kind: 'user', id: ownerId };
    expect(await operate(harness, 'api-keys/revoke-all', { owner })).toBe(2);
    expect(await operate(harness, 'api-keys/revoke-all', { owner })).toBe(0);
    for (const secret of secrets) expect(await present(harness, secret)).toBe('api-key-revoked');
  });

  it.each([
    ['an owner that there is not', { owner: { kind: 'user', id: 'nobody' } }, 'SP_NOT_FOUND'],
    ['a service that there is not', { owner: { kind: 'service', id: 'nobody' } }, 'SP_NOT_FOUND'],
    ['an owner of another kind', { owner: { kind: 'robot', id: 'x' } }, 'SP_VALIDATION_FAILED'],
    ['a permission that the owner does not hold', { scopes: ['user:manage'] }, 'SP_VALIDATION_FAILED'],
  ])('are refused %s', async (_name, change, code) => {
    const input = { owner: { kind: 'user', id: ownerId }, name: 'Cron', scopes: [], ...change };
    await expect(operate(harness, 'api-keys/create', input)).rejects.toMatchObject({ code });
  });
});

describe(onDatabase('without the section in the configuration'), () => {
  it('there are no routes, no authenticator, and no operation that makes a key', async () => {
    await harness.close();
    harness = await startHarness();
    await harness.makeUser(email);
    ({ caller } = await harness.signIn(email));
    expect((await harness.call('GET', '/auth/api-keys', undefined, { caller })).status).toBe(404);
    expect(harness.identity.authenticators.map(({ kind }) => kind)).not.toContain('api-key');
    const owner = { kind: 'user', id: ownerId };
    await expect(operate(harness, 'api-keys/create', { owner, name: 'Cron', scopes: [] })).rejects.toMatchObject({
      reason: 'api-keys-off',
    });
  });
});
