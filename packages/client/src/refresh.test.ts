import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, type Client } from './client.ts';
import { password, startFakeGateway, type Fault, type FakeGateway } from './fake-gateway.test-support.ts';
import { createMemoryStorage } from './storage/memory-storage.ts';

const path = '/auth/token/refresh';
const email = 'ada@example.test';

let gateway: FakeGateway;
let storage: ReturnType<typeof createMemoryStorage>;
let client: Client;
beforeEach(async () => {
  gateway = await startFakeGateway();
  storage = createMemoryStorage();
  client = createClient({ gateway: gateway.origin, storage, refreshTimeoutMilliseconds: 1000 });
  await client.signIn({ email, password });
});
afterEach(async () => {
  vi.useRealTimers();
  await gateway.close();
});

const call = (): Promise<number> => client.fetch('/api/x').then(({ status }) => status);
const calls = (count: number): Promise<readonly number[]> => Promise.all(Array.from({ length: count }, call));
const unavailable: Fault = {
  status: 503,
  headers: { 'retry-after': '5' },
  body: '{"error":"temporarily_unavailable"}',
};

describe('a refresh', () => {
  it('is one for fifty calls whose token was refused', async () => {
    gateway.refuseAccessTokens();
    expect(new Set(await calls(50))).toEqual(new Set([200]));
    expect([gateway.count(path), gateway.rotations]).toEqual([1, 1]);
  });

  it('is one for fifty calls of a page that was just loaded', async () => {
    client = createClient({ gateway: gateway.origin, storage });
    expect(new Set(await calls(50))).toEqual(new Set([200]));
    expect(gateway.count(path)).toBe(1);
  });

  it('comes before the end of a token, so that no call is refused', async () => {
    // Half of a life of six seconds is the least that is left.
    gateway.options.expiresIn = 6;
    await client.signIn({ email, password });
    expect(await call()).toBe(200);
    expect(gateway.count(path)).toBe(0);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3001 });
    expect(await call()).toBe(200);
    expect([gateway.count(path), gateway.count('/api/x')]).toEqual([1, 2]);
  });

  it.each([
    { name: 'a year late', offset: 365 * 86_400_000 },
    { name: 'a year early', offset: -365 * 86_400_000 },
  ])('does not depend on a clock that is $name', async ({ offset }) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + offset });
    await client.signIn({ email, password });
    expect(await calls(5)).toEqual([200, 200, 200, 200, 200]);
    expect(gateway.count(path)).toBe(0);
  });

  it('keeps a token for its time when the clock is set back meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 86_400_000 });
    expect(await call()).toBe(200);
    expect(gateway.count(path)).toBe(0);
  });

  it('is asked for again with what the storage holds: the newest', async () => {
    for (let turn = 1; turn <= 3; turn++) {
      gateway.refuseAccessTokens();
      expect(await call()).toBe(200);
      expect(storage.read()).toBe(`rt.f1.${turn}`);
    }
  });

  it.each<{ readonly name: string; readonly faults: readonly Fault[] }>([
    { name: 'was lost', faults: ['lost-reply'] },
    { name: 'was lost twice', faults: ['lost-reply', 'lost-reply'] },
    { name: 'was cut off', faults: ['cut-reply'] },
    { name: 'does not come in time', faults: ['hangs'] },
    { name: 'is the page of a portal', faults: [{ status: 200, body: '<html>Log in to the Wi-Fi</html>' }] },
    { name: 'is that of a proxy', faults: [{ status: 502, body: '<html>' }] },
    { name: 'asks to wait', faults: [{ status: 503, headers: { 'retry-after': '1' } }] },
    { name: 'is a redirect', faults: [{ status: 307, headers: { location: '/elsewhere' } }] },
  ])('whose answer $name is asked for again, with the same token', async ({ faults }) => {
    gateway.refuseAccessTokens();
    gateway.fail(path, ...faults);
    expect(await call()).toBe(200);
    const sent = gateway.seen.filter((request) => request.path === path).map(({ body }) => body);
    expect(new Set(sent)).toEqual(new Set(['{"refresh_token":"rt.f1.0"}']));
    expect(sent).toHaveLength(faults.length + 1);
    expect([gateway.rotations, gateway.families, gateway.count('/elsewhere')]).toEqual([1, 1, 0]);
  });

  it.each<{ readonly name: string; readonly faults: readonly Fault[]; readonly error: object }>([
    { name: 'no answer at all', faults: ['lost-reply', 'lost-reply', 'lost-reply'], error: { status: undefined } },
    { name: 'a gateway that asks for time', faults: [unavailable], error: { status: 503, retryAfterSeconds: 5 } },
    { name: 'a limit', faults: [{ ...unavailable, status: 429 }], error: { status: 429, retryAfterSeconds: 5 } },
  ])('that meets $name signs no one out, and does not ask at once again', async ({ faults, error }) => {
    gateway.refuseAccessTokens();
    gateway.fail(path, ...faults);
    await expect(client.fetch('/api/x')).rejects.toMatchObject({ code: 'SP_CLIENT_UNAVAILABLE', ...error });
    expect([client.status, storage.read(), gateway.count(path)]).toEqual(['signed-in', 'rt.f1.0', faults.length]);
    await expect(client.fetch('/api/x')).rejects.toMatchObject({ code: 'SP_CLIENT_UNAVAILABLE' });
    expect(gateway.count(path)).toBe(faults.length);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_001 });
    expect(await call()).toBe(200);
  });

  it.each<{ readonly name: string; readonly fault: Fault; readonly code: string }>([
    {
      name: '404: tokens were switched off',
      fault: { status: 404, body: '{"code":"SP_NOT_FOUND"}' },
      code: 'SP_NOT_FOUND',
    },
    { name: '403 of a firewall', fault: { status: 403, body: '<html>' }, code: 'SP_CLIENT_ANSWER_INVALID' },
    { name: '400 of a proxy', fault: { status: 400, body: '<html>' }, code: 'SP_CLIENT_ANSWER_INVALID' },
    {
      name: '401 of a proxy',
      fault: { status: 401, body: '{"error":"invalid_grant"}' },
      code: 'SP_CLIENT_ANSWER_INVALID',
    },
    {
      name: 'invalid_request',
      fault: { status: 400, body: '{"error":"invalid_request","code":"SP_VALIDATION_FAILED"}' },
      code: 'SP_VALIDATION_FAILED',
    },
    {
      name: 'a token without a time',
      fault: { status: 200, body: '{"access_token":"a"}' },
      code: 'SP_CLIENT_ANSWER_INVALID',
    },
  ])('that is answered with $name signs no one out', async ({ fault, code }) => {
    gateway.refuseAccessTokens();
    gateway.fail(path, fault);
    await expect(client.fetch('/api/x')).rejects.toMatchObject({ code });
    expect([client.status, storage.read()]).toEqual(['signed-in', 'rt.f1.0']);
    expect(await call()).toBe(200);
  });

  it('goes on with a token that lives while the gateway is away', async () => {
    gateway.options.expiresIn = 6;
    await client.signIn({ email, password });
    gateway.fail(path, unavailable);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 4000 });
    expect(await calls(5)).toEqual([200, 200, 200, 200, 200]);
    expect(gateway.count(path)).toBe(1);
  });

  it('that is answered with invalid_grant signs out, once, and drops what is stored', async () => {
    const changes: unknown[] = [];
    client.subscribe((change) => changes.push(change));
    gateway.refuseAccessTokens();
    gateway.endFamilies();
    const results = await Promise.allSettled(Array.from({ length: 50 }, call));
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'SP_CLIENT_SIGNED_OUT' } });
    expect(changes).toEqual([{ status: 'signed-out', reason: 'ended' }]);
    expect([storage.read(), gateway.count(path)]).toEqual([undefined, 1]);
    await expect(client.fetch('/api/x')).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
    expect(gateway.count(path)).toBe(1);
  });

  it('never signs out for anything but invalid_grant of the gateway, whatever happens in whichever order', async () => {
    const fault = fc.oneof(
      fc.constantFrom<Fault>('lost-reply', 'cut-reply', { status: 200, body: '<html>' }),
      fc.record({
        status: fc.integer({ min: 400, max: 599 }),
        headers: fc.constantFrom({}, { 'retry-after': '9' }, { 'retry-after': 'Tue, 01 Dec 2026 00:00:00 GMT' }),
        body: fc.constantFrom('', '<html>', 'null', '[]', '{"error":"server_error"}', '{"code":"SP_INTERNAL"}'),
      }),
    );
    let day = 1;
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { minLength: 1, maxLength: 3 }), async (faults) => {
        // What rests after a failure has rested.
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + day++ * 3_600_000 });
        gateway.fail(path, ...faults);
        await Promise.allSettled([call(), call(), call()]);
        expect(client.status).toBe('signed-in');
        expect(gateway.families).toBe(1);
        gateway.fail(path);
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
        expect(await call()).toBe(200);
        gateway.refuseAccessTokens();
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});
