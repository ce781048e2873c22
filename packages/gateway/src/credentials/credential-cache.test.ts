import type { RevocationTarget } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { route, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { createTestKeys, type TestKeys } from '../test-support/test-keys.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

let time: number;
let keys: TestKeys;
let gateway: TestGateway;
const moreRoutes = [
  { name: 'programs', prefix: '/keys', credentials: ['session', 'api-key'] as ['session', 'api-key'] },
  { name: 'fresh', prefix: '/fresh', credentials: ['api-key'] as ['api-key'], fresh: true },
];
beforeEach(async () => {
  time = start;
  keys = createTestKeys(() => new Date(time));
  gateway = await open({});
});
afterEach(() => gateway.close());

function open(sessionCache: { readonly maxEntries?: number; readonly maxAgeSeconds?: number }): Promise<TestGateway> {
  const authenticators = [keys.authenticator];
  return startTestGateway({ now: () => new Date(time), authenticators, sessionCache, moreRoutes });
}

async function reopen(sessionCache: Parameters<typeof open>[0]): Promise<void> {
  await gateway.close();
  gateway = await open(sessionCache);
}

const present = async (key: string, path = '/keys/x', at: TestGateway = gateway): Promise<number> =>
  (await at.send('GET', path, { 'X-Test-Key': key })).status;

describe('a credential', () => {
  it('is looked up once, however many requests come with it', async () => {
    const key = keys.add();
    const answers = await Promise.all(Array.from({ length: 20 }, () => present(key)));
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(await present(key)).toBe(200);
    expect(keys.reads).toBe(1);
  });

  it('has one token for as long as it is remembered', async () => {
    const key = keys.add({}, { expiresAt: new Date(start + 86_400_000) });
    for (let index = 0; index < 3; index++) await present(key);
    expect(new Set(gateway.upstream.seen.map(({ headers }) => headers['authorization'])).size).toBe(1);
  });

  it('is read again after its greatest age, and with every request where that is 0', async () => {
    const key = keys.add();
    await present(key);
    time += 60_000;
    await present(key);
    expect(keys.reads).toBe(2);
    await reopen({ maxAgeSeconds: 0 });
    await present(key);
    await present(key);
    expect(keys.reads).toBe(4);
  });

  it('is read with every request on a route that asks for that', async () => {
    const key = keys.add();
    for (let index = 0; index < 3; index++) expect(await present(key, '/fresh/x')).toBe(200);
    // Found by its secret, and read from the store by its handle.
    expect(keys.reads).toBe(6);
  });

  it('stays looked up when the configuration is read anew', async () => {
    const key = keys.add();
    await present(key);
    const to = { upstream: gateway.upstream.origin };
    gateway.gateway.reconfigure({ routes: moreRoutes.map((one) => route({ ...one, ...to })) });
    expect(await present(key)).toBe(200);
    expect(keys.reads).toBe(1);
  });

  it('that was used longest ago makes room for others', async () => {
    await reopen({ maxEntries: 2 });
    const [first = '', ...others] = Array.from({ length: 3 }, () => keys.add());
    for (const key of [first, ...others]) await present(key);
    await present(first);
    expect(keys.reads).toBe(4);
  });

  it('is refused beyond its own time without a look-up, and no token for it lives longer', async () => {
    const key = keys.add({}, { expiresAt: new Date(start + 10_000) });
    await present(key);
    const [, payload = ''] = String(gateway.upstream.seen[0]?.headers['authorization']).split('.');
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly exp: number };
    expect(exp).toBe(start / 1000 + 10);
    time += 9999;
    expect(await present(key)).toBe(200);
    time += 1;
    expect(await present(key)).toBe(401);
    expect(keys.reads).toBe(1);
  });

  it('is read with every request while the bus hears nothing', async () => {
    const key = keys.add();
    await present(key);
    gateway.bus.connected = false;
    keys.remove(key);
    expect(await present(key)).toBe(401);
  });
});

describe('a credential that ended', () => {
  const targets: readonly (readonly [string, (id: string) => RevocationTarget])[] = [
    ['its client', (id) => ({ kind: 'client', id })],
    ['its user', () => ({ kind: 'user', id: 'alice' })],
    ['its session', () => ({ kind: 'session', id: 'session-1' })],
    ['what its authenticator names', () => ({ kind: 'client', id: 'owner' })],
    ['the policy', () => ({ kind: 'policy', id: 'default' })],
    ['a signing key', () => ({ kind: 'key', id: 'withdrawn' })],
  ];

  it.each(targets)('is refused at once when an event names %s', async (_name, targetOf) => {
    const key = keys.add({ sid: 'session-1' }, { endedBy: [{ kind: 'client', id: 'owner' }] });
    const { kind, id } = targetOf(keys.idOf(key));
    await present(key);
    keys.remove(key);
    await gateway.bus.revoke(kind, id);
    expect(await present(key)).toBe(401);
  });

  it.each(targets)('wins over a read that is under way: %s', async (_name, targetOf) => {
    const key = keys.add({ sid: 'session-1' }, { endedBy: [{ kind: 'client', id: 'owner' }] });
    const { kind, id } = targetOf(keys.idOf(key));
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    keys.beforeAnswer = () => {
      begun.resolve();
      return gate.promise;
    };
    const pending = present(key);
    await begun.promise;
    keys.remove(key);
    await gateway.bus.revoke(kind, id);
    gate.resolve();
    expect(await pending).toBe(401);
    expect(await present(key)).toBe(401);
  });

  it('is refused after a gap, and when another ends it stays', async () => {
    const [key, other] = [keys.add(), keys.add({ id: 'bob' })];
    await present(key);
    await present(other);
    keys.remove(key);
    gateway.bus.gap();
    expect([await present(key), await present(other)]).toEqual([401, 200]);
    const { reads } = keys;
    await gateway.bus.revoke('user', 'another');
    await gateway.bus.revoke('key', 'rotated', 0);
    expect(await present(other)).toBe(200);
    expect(keys.reads).toBe(reads);
  });

  it('is refused by every gateway that hears of it, in the middle of use', async () => {
    const other = await startTestGateway({
      now: () => new Date(time),
      authenticators: [keys.authenticator],
      bus: gateway.bus,
      moreRoutes,
    });
    const key = keys.add();
    const before = await Promise.all(
      Array.from({ length: 40 }, (_, index) => present(key, '/keys/x', index % 2 === 0 ? gateway : other)),
    );
    const id = keys.idOf(key);
    keys.remove(key);
    await gateway.bus.revoke('client', id);
    const after = await Promise.all(
      Array.from({ length: 40 }, (_, index) => present(key, '/keys/x', index % 2 === 0 ? gateway : other)),
    );
    await other.close();
    expect([new Set(before), new Set(after)]).toEqual([new Set([200]), new Set([401])]);
  });
});

describe('a refusal', () => {
  const unknown = `test_${'0'.repeat(32)}`;

  it('is remembered for five seconds', async () => {
    for (let index = 0; index < 3; index++) expect(await present(unknown)).toBe(401);
    expect(keys.reads).toBe(1);
    time += 5000;
    await present(unknown);
    expect(keys.reads).toBe(2);
  });

  it('does not outlive an event that may change it', async () => {
    for (const kind of ['user', 'client', 'policy'] as const) {
      const { reads } = keys;
      await present(unknown);
      await gateway.bus.revoke(kind, 'someone');
      await present(unknown);
      expect(keys.reads).toBe(reads + (reads === 0 ? 2 : 1));
    }
  });

  it('of many made-up credentials pushes no good one out', async () => {
    await reopen({ maxEntries: 1 });
    const key = keys.add();
    await present(key);
    for (let index = 0; index < 20; index++) await present(`test_${String(index).padStart(32, '0')}`);
    const { reads } = keys;
    await present(key);
    expect(keys.reads).toBe(reads);
  });

  it('is never what an outage is remembered as', async () => {
    const key = keys.add();
    keys.beforeAnswer = () => Promise.reject(new Error('connection refused'));
    expect(await present(key)).toBe(503);
    keys.beforeAnswer = async () => {};
    expect(await present(key)).toBe(200);
  });
});

describe('the use of a credential', () => {
  it('is recorded once a minute, and not by an explanation', async () => {
    const key = keys.add();
    await gateway.gateway.explain({ method: 'GET', target: '/keys/x', headers: ['X-Test-Key', key] });
    expect(keys.uses).toEqual([]);
    for (let index = 0; index < 3; index++) await present(key);
    expect(keys.uses).toEqual([keys.idOf(key)]);
    time += 59_999;
    await present(key);
    expect(keys.uses).toHaveLength(1);
    time += 1;
    await present(key);
    expect(keys.uses).toHaveLength(2);
  });

  it('is not recorded more often where every request reads it', async () => {
    const key = keys.add();
    for (let index = 0; index < 5; index++) await present(key, '/fresh/x');
    expect(keys.uses).toHaveLength(1);
  });

  it('that is refused is not recorded', async () => {
    await present(`test_${'0'.repeat(32)}`);
    await present(keys.add({}, { expiresAt: new Date(start) }));
    expect(keys.uses).toEqual([]);
  });
});
