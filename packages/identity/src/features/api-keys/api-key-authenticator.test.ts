import { createSealer } from '@sallyport/stores';
import type { Caller } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstSecret, onDatabase, type Harness } from '../../identity.test-support.ts';
import { setUpApp } from '../second-factor/factor.test-support.ts';
import { createApiKey } from './api-key-format.ts';
import { createApiKeyTable } from './api-key-table.ts';
import { authenticatorOf, madeOf, makeKey, operate, present, startKeyHarness } from './api-key.test-support.ts';

const email = 'robin@example.test';
const day = 86_400;

let harness: Harness;
let caller: Caller;
let ownerId: string;
beforeEach(async () => {
  harness = await startKeyHarness({ features: { secondFactor: { methods: ['totp'], requiredFor: ['vendor'] } } });
  ownerId = await harness.makeUser(email);
  ({ caller } = await harness.signIn(email));
});
afterEach(() => harness.close());

describe(onDatabase('the caller of an API key'), () => {
  it('is its owner, with the scopes of the key, no role, and no sign-in', async () => {
    const { key, secret } = await makeKey(harness, caller);
    expect(await present(harness, secret)).toMatchObject({
      credentialId: `${key.id}.1`,
      endedBy: [],
      expiresAt: new Date(key.expiresAt),
      principal: {
        kind: 'user',
        id: ownerId,
        clientId: key.id,
        roles: [],
        permissions: ['product:read'],
        acr: 'pwd',
        amr: [],
        authTime: new Date(0),
        credential: 'api-key',
        generation: { session: 1, user: 1 },
        profile: { name: 'Robin Doe', email },
      },
    });
  });

  it('holds no permission that its owner has lost, and has it again with the owner', async () => {
    await harness.identity.accounts.setRoles(ownerId, ['admin']);
    const { caller: admin } = await harness.signIn(email);
    const { secret } = await makeKey(harness, admin, { scopes: ['product:read', 'user:manage'] });
    const held = async (): Promise<readonly string[]> => {
      const found = await present(harness, secret);
      return typeof found === 'string' ? [found] : found.principal.permissions;
    };
    expect(await held()).toEqual(['product:read', 'user:manage']);
    // Another account keeps the permission, so that this one can lose it.
    await harness.makeUser('boss@example.test', ['admin']);
    await harness.identity.accounts.setRoles(ownerId, ['user']);
    expect(await held()).toEqual(['product:read']);
    await harness.identity.accounts.setRoles(ownerId, ['admin']);
    expect(await held()).toEqual(['product:read', 'user:manage']);
  });

  it('is none while its owner is banned', async () => {
    const { secret } = await makeKey(harness, caller);
    await harness.identity.accounts.setBanned(ownerId, true);
    expect(await present(harness, secret)).toBe('api-key-owner-gone');
    await harness.identity.accounts.setBanned(ownerId, false);
    expect(await present(harness, secret)).not.toBeTypeOf('string');
  });

  it('is none when the roles of its owner demand more than the owner proved', async () => {
    const { secret } = await makeKey(harness, caller);
    await harness.identity.accounts.setRoles(ownerId, ['vendor']);
    expect(await present(harness, secret)).toBe('api-key-made-too-weakly');
    const owner = { kind: 'user', id: ownerId };
    const made = await operate(harness, 'api-keys/create', { owner, name: 'Cron', scopes: ['product:read'] });
    expect(await present(harness, (made as { readonly secret: string }).secret)).not.toBeTypeOf('string');
  });

  it('stays when its owner sets up a second factor', async () => {
    const { secret } = await makeKey(harness, caller);
    await setUpApp(harness, { caller });
    expect(await present(harness, secret)).not.toBeTypeOf('string');
  });

  it('is none after the time of the key', async () => {
    const { secret } = await makeKey(harness, caller, { days: 1 });
    harness.advance(day - 1);
    expect(await present(harness, secret)).not.toBeTypeOf('string');
    harness.advance(1);
    expect(await present(harness, secret)).toBe('api-key-expired');
  });

  it('is none after the account was forgotten', async () => {
    const { secret } = await makeKey(harness, caller);
    const table = createApiKeyTable(harness.database.records, createSealer([firstSecret])('api-key'));
    await table.forget(ownerId);
    expect(await present(harness, secret)).toBe('api-key-unknown');
  });

  it.each([
    ['unknown', () => createApiKey(), 'api-key-unknown'],
    ['cut', (secret: string) => secret.slice(0, -1), 'api-key-malformed'],
    ['mistyped', (secret: string) => secret.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')), 'api-key-malformed'],
    ['in another case', (secret: string) => secret.toUpperCase(), 'api-key-malformed'],
    ['its own hash', () => '0'.repeat(64), 'api-key-malformed'],
    ['its handle', () => `key_${'0'.repeat(20)}`, 'api-key-malformed'],
    ['very long', () => `sp_key_${'a'.repeat(8000)}`, 'api-key-malformed'],
    ['empty', () => '', 'api-key-malformed'],
  ])('is none for a secret that is %s', async (_name, change, reason) => {
    const { secret } = await makeKey(harness, caller);
    expect(await present(harness, change(secret))).toBe(reason);
  });
});

describe(onDatabase('the form of a header'), () => {
  const secret = createApiKey();
  const recognize = (header: string, value: string) => authenticatorOf(harness).recognize({ header, value });

  it.each([
    ['x-api-key', secret],
    ['authorization', `ApiKey ${secret}`],
    ['authorization', `apikey ${secret}`],
    ['authorization', `APIKEY   ${secret}`],
  ])('%s may hold a key', (header, value) => {
    expect(recognize(header, value)).toBe(secret);
  });

  it.each([
    ['x-api-key', `ApiKey ${secret}`],
    ['x-api-key', `${secret}, ${secret}`],
    ['x-api-key', `"${secret}"`],
    ['x-api-key', `\u00a0${secret}`],
    ['x-api-key', ''],
    ['authorization', 'ApiKey'],
    ['authorization', `ApiKey \t${secret}`],
    ['authorization', `ApiKey ${secret} ${secret}`],
    ['authorization', `ApiKey key=${secret}`],
  ])('%s is judged and refused when it holds %j', async (header, value) => {
    const credential = recognize(header, value);
    expect(credential).toBe('malformed');
    expect(await authenticatorOf(harness).authenticate(credential ?? '')).toMatchObject({
      kind: 'rejected',
      reason: 'api-key-malformed',
    });
  });

  it.each([`Bearer ${secret}`, `Basic ${secret}`, `ApiKeys ${secret}`, `Api-Key ${secret}`, secret])(
    'leaves the authorization %j to others',
    (value) => {
      expect(recognize('authorization', value)).toBeUndefined();
    },
  );
});

describe(onDatabase('a key that is read again by its handle'), () => {
  it('is the same caller, until it is revoked or its secret was replaced', async () => {
    const { key, secret } = await makeKey(harness, caller);
    const authenticator = authenticatorOf(harness);
    expect(await authenticator.recheck(`${key.id}.1`)).toEqual(await present(harness, secret));
    await harness.call('POST', `/auth/api-keys/${key.id}/rotate`, { overlapSeconds: 60 }, { caller });
    expect(await authenticator.recheck(`${key.id}.1`)).toMatchObject({ principal: { generation: { session: 1 } } });
    expect(await authenticator.recheck(`${key.id}.2`)).toMatchObject({ principal: { generation: { session: 2 } } });
    harness.advance(60);
    expect(await authenticator.recheck(`${key.id}.1`)).toBeNull();
    await harness.call('DELETE', `/auth/api-keys/${key.id}`, undefined, { caller });
    expect(await authenticator.recheck(`${key.id}.2`)).toBeNull();
  });

  it.each(['', 'x', '.', '.1', 'x.1', `key_${'0'.repeat(20)}.1`, `key_${'0'.repeat(20)}`])(
    'is none for the handle %j',
    async (handle) => {
      expect(await authenticatorOf(harness).recheck(handle)).toBeNull();
    },
  );

  it('is none for a secret that is still to come', async () => {
    const { key } = await makeKey(harness, caller);
    for (const number of ['2', '0', 'NaN', 'x', ''])
      expect(await authenticatorOf(harness).recheck(`${key.id}.${number}`)).toBeNull();
  });
});

describe(onDatabase('uses of a key'), () => {
  const shown = async () => {
    const answer = await harness.call('GET', '/auth/api-keys', undefined, { caller });
    return (answer.body as { readonly keys: readonly object[] }).keys[0];
  };

  it('are told apart by secret, so that an owner sees when the old one is not used any more', async () => {
    const { key } = await makeKey(harness, caller);
    const authenticator = authenticatorOf(harness);
    const first = harness.now();
    await authenticator.recordUse?.(`${key.id}.1`, first);
    expect(await shown()).toMatchObject({ lastUsedAt: first.toISOString() });
    await harness.call('POST', `/auth/api-keys/${key.id}/rotate`, {}, { caller });
    expect(await shown()).toMatchObject({ lastUsedAt: null, previous: { lastUsedAt: first.toISOString() } });
    const later = new Date(first.getTime() + 60_000);
    await authenticator.recordUse?.(`${key.id}.2`, later);
    await authenticator.recordUse?.(`${key.id}.1`, first);
    expect(await shown()).toMatchObject({
      lastUsedAt: later.toISOString(),
      previous: { lastUsedAt: first.toISOString() },
    });
  });
});

describe(onDatabase('a rotation of the root secret'), () => {
  const second = { version: 2, value: 'pR7v3Nc9Xb2Mt6Zq4Wk8Ys1Ld5Hf0JgT' };
  const tableUnder = (...versions: (typeof firstSecret)[]) =>
    createApiKeyTable(harness.database.records, createSealer(versions)('api-key'));

  it('keeps no caller out, and a key in use needs the old version no more', async () => {
    const { key, secret } = await makeKey(harness, caller);
    const next = madeOf(
      await harness.call('POST', `/auth/api-keys/${key.id}/rotate`, { overlapSeconds: 60 }, { caller }),
    );
    for (const [known, isPrevious] of [
      [secret, true],
      [next.secret, false],
    ] as const) {
      expect(await tableUnder(second).findBySecret(known)).toBeNull();
      expect(await tableUnder(second, firstSecret).findBySecret(known)).toMatchObject({
        isPrevious,
        key: { keyId: key.id },
      });
      expect(await tableUnder(second).findBySecret(known)).toMatchObject({ isPrevious, key: { keyId: key.id } });
    }
  });
});
