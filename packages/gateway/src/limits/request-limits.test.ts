import { SallyportError, silentLogger, type Counters, type RequestLimit } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GatewayOptions } from '../gateway-options.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { createTestKeys } from '../test-support/test-keys.ts';

const settled = { timeout: 10_000, interval: 10 };
const start = Date.parse('2026-01-01T00:00:00Z');
const perMinute = (per: RequestLimit['per'], max = 2): RequestLimit => ({ per, max, seconds: 60 });

let time = start;
let gateways: TestGateway[] = [];
beforeEach(() => {
  time = start;
});
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
});

async function open(change: Parameters<typeof startTestGateway>[0]): Promise<TestGateway> {
  const gateway = await startTestGateway({ now: () => new Date(time), trustedProxies: ['127.0.0.1'], ...change });
  gateways = [...gateways, gateway];
  return gateway;
}

const from = (address: string): Readonly<Record<string, string>> => ({ 'X-Forwarded-For': address });

async function statuses(
  gateway: TestGateway,
  target: string,
  headers: readonly Readonly<Record<string, string>>[],
): Promise<readonly number[]> {
  const found: number[] = [];
  for (const one of headers) found.push((await gateway.send('GET', target, one)).status);
  return found;
}

describe('a limit by address', () => {
  it('is answered with 429 in the words of its draft, and reaches no service', async () => {
    const gateway = await open({ limits: { requests: [perMinute('address')] } });
    await statuses(gateway, '/public/x', [{}, {}]);
    const answer = await gateway.send('GET', '/public/x');
    expect(answer.status).toBe(429);
    expect(answer.headers).toMatchObject({
      'retry-after': '90',
      'ratelimit-policy': '"gateway-address-60s";q=2;w=60',
      ratelimit: '"gateway-address-60s";r=0;t=90',
      'content-type': 'application/problem+json',
    });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_TOO_MANY_REQUESTS' });
    expect(gateway.upstream.seen).toHaveLength(2);
  });

  it('counts all spellings of an IPv4 address as one', async () => {
    const gateway = await open({ limits: { requests: [perMinute('address')] } });
    const spellings = ['198.51.100.7', '::ffff:198.51.100.7', '::FFFF:c633:6407', '0:0:0:0:0:ffff:c633:6407'];
    expect(await statuses(gateway, '/public/x', spellings.map(from))).toEqual([200, 200, 429, 429]);
    expect(await statuses(gateway, '/public/x', [from('198.51.100.8')])).toEqual([200]);
  });

  it('counts a network of IPv6 as one, however its addresses are written', async () => {
    const gateway = await open({ limits: { requests: [perMinute('address')] } });
    const spellings = ['2001:db8::1', '2001:DB8:0:0::2', '2001:0db8:0000:0000:ffff:ffff:ffff:ffff', '2001:db8:0:1::1'];
    expect(await statuses(gateway, '/public/x', spellings.map(from))).toEqual([200, 200, 429, 200]);
  });

  it('cannot be escaped by a forwarded header of an undeclared proxy', async () => {
    const gateway = await open({ limits: { requests: [perMinute('address')] }, trustedProxies: [] });
    const made = ['198.51.100.7', '198.51.100.8', '198.51.100.9'];
    expect(await statuses(gateway, '/public/x', made.map(from))).toEqual([200, 200, 429]);
  });

  it('spares the store: no session is read for a refused request', async () => {
    const gateway = await open({ limits: { requests: [perMinute('address')] } });
    const made = (index: number) => cookie(`made-up-${index}`.padEnd(43, 'x'));
    expect(await statuses(gateway, '/api/x', [1, 2, 3, 4].map(made))).toEqual([401, 401, 429, 429]);
    expect(gateway.sessions.reads).toBe(2);
  });

  it('counts nothing of what another one refuses', async () => {
    const hour: RequestLimit = { per: 'address', max: 3, seconds: 3600 };
    const second: RequestLimit = { per: 'address', max: 1, seconds: 1 };
    const gateway = await open({ limits: { requests: [hour, second] } });
    expect(await statuses(gateway, '/public/x', [{}, {}, {}, {}, {}])).toEqual([200, 429, 429, 429, 429]);
    for (const expected of [200, 200, 429]) {
      time += 2000;
      expect(await statuses(gateway, '/public/x', [{}])).toEqual([expected]);
    }
  });

  it('is that of the route: one bucket for every spelling of a path', async () => {
    let handled = 0;
    const gateway = await open({
      mounts: [
        {
          name: 'auth',
          prefix: '/auth',
          access: 'optional',
          slide: false,
          requestLimits: [perMinute('address', 3)],
          handle: (_, response) => {
            handled++;
            response.end();
          },
        },
      ],
    });
    const spellings = ['/auth/login', '/auth/login/', '/auth/%6cogin', '/auth/login?x=1', '/%61uth/login'];
    const found = await Promise.all(spellings.map((target) => gateway.send('POST', target)));
    expect(found.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(found.filter(({ status }) => status === 429)).toHaveLength(2);
    expect(handled).toBe(3);
    expect((await gateway.send('POST', '//auth/login')).status).toBe(400);
  });

  it('passes again after the time that was told', async () => {
    const gateway = await open({ limits: { requests: [perMinute('address')] } });
    await statuses(gateway, '/public/x', [{}, {}]);
    const wait = Number((await gateway.send('GET', '/public/x')).headers['retry-after']);
    time += (wait - 1) * 1000;
    expect((await gateway.send('GET', '/public/x')).status).toBe(429);
    time += 1000;
    expect((await gateway.send('GET', '/public/x')).status).toBe(200);
  });
});

describe('a limit by caller', () => {
  it.each([
    ['session', [200, 200, 429, 200]],
    ['account', [200, 200, 429, 429]],
  ] as const)('by %s follows it through all addresses', async (per, expected) => {
    const gateway = await open({ limits: { requests: [perMinute(per)] } });
    const [one, other] = [cookie(gateway.sessions.add()), cookie(gateway.sessions.add())];
    const addresses = ['198.51.100.7', '198.51.100.8', '198.51.100.9', '198.51.100.10'].map(from);
    const headers = [one, one, one, other].map((who, index) => ({ ...who, ...addresses[index] }));
    expect(await statuses(gateway, '/api/x', headers)).toEqual(expected);
    expect(await statuses(gateway, '/api/x', [cookie(gateway.sessions.add({ id: 'bob' }))])).toEqual([200]);
  });

  it('by key counts each key by itself, and no session', async () => {
    const keys = createTestKeys();
    const gateway = await open({
      authenticators: [keys.authenticator],
      limits: { requests: [perMinute('key', 1)] },
      moreRoutes: [{ name: 'programs', prefix: '/keys', credentials: ['session', 'api-key'] }],
    });
    const [one, other] = [{ 'X-Test-Key': keys.add() }, { 'X-Test-Key': keys.add() }];
    const session = cookie(gateway.sessions.add());
    expect(await statuses(gateway, '/keys/x', [one, one, other, session, session, one])).toEqual([
      200, 429, 200, 200, 200, 429,
    ]);
  });

  it('does not apply to anonymous callers', async () => {
    const gateway = await open({ limits: { requests: [perMinute('session', 1), perMinute('key', 1)] } });
    expect(await statuses(gateway, '/public/x', [{}, {}, {}])).toEqual([200, 200, 200]);
  });
});

describe('which limit holds', () => {
  const moreRoutes = [
    { name: 'few', prefix: '/few', access: 'public' as const, limits: { requests: [perMinute('address', 1)] } },
    { name: 'any', prefix: '/any', access: 'public' as const, limits: { requests: [] } },
    { name: 'plain', prefix: '/plain', access: 'public' as const },
  ];

  it('is that of the route, else that of the gateway, which all others share', async () => {
    const gateway = await open({ moreRoutes, limits: { requests: [perMinute('address')] } });
    expect(await statuses(gateway, '/few', [{}, {}])).toEqual([200, 429]);
    expect(await statuses(gateway, '/any', [{}, {}, {}, {}])).toEqual([200, 200, 200, 200]);
    expect(await statuses(gateway, '/plain', [{}])).toEqual([200]);
    expect(await statuses(gateway, '/public/x', [{}, {}])).toEqual([200, 429]);
    expect(await statuses(gateway, '/plain', [{}])).toEqual([429]);
  });

  it('is none unless one is configured', async () => {
    const gateway = await open({});
    expect(
      await statuses(
        gateway,
        '/public/x',
        Array.from({ length: 50 }, () => ({})),
      ),
    ).not.toContain(429);
  });

  it('is the same where a proxy asks', async () => {
    const gateway = await open({
      limits: { requests: [perMinute('address')] },
      forwardAuth: { proxies: ['127.0.0.1'] },
    });
    expect(await statuses(gateway, '/public/x', [from('198.51.100.7'), from('198.51.100.7')])).toEqual([200, 200]);
    const { port } = await gateway.gateway.listenForwardAuth({ host: '127.0.0.1', port: 0 });
    const answer = await fetch(`http://127.0.0.1:${port}/forward-auth`, {
      headers: {
        'x-forwarded-method': 'GET',
        'x-forwarded-uri': '/public/x',
        'x-forwarded-host': 'app.test',
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '198.51.100.7',
      },
    });
    expect(answer.status).toBe(429);
  });
});

describe('several gateways', () => {
  const limits: NonNullable<GatewayOptions['limits']> = { requests: [perMinute('address', 6)] };

  function countersInMemory(): Counters & { fail: boolean; commands: number; readonly keys: Set<string> } {
    const counts = new Map<string, number>();
    const counters = {
      fail: false,
      commands: 0,
      keys: new Set<string>(),
      increment: async (key: string, _seconds: number, amount = 1) => {
        counters.commands++;
        counters.keys.add(key);
        if (counters.fail) throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'refused' });
        counts.set(key, (counts.get(key) ?? 0) + amount);
        return counts.get(key) ?? 0;
      },
      decrement: async () => {},
      read: async () => ({ count: 0, remainingSeconds: 0 }),
      reset: async () => {},
    };
    return counters;
  }

  const hash = (text: string): string => `hash-of-${text.length}`;
  const passOneSecond = (): void => void vi.advanceTimersByTime(1000);
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  // Before the gateways are closed: that takes time of its own.
  afterEach(() => void vi.useRealTimers());

  it('learn within seconds what the others counted, and no request waits for it', async () => {
    const counters = countersInMemory();
    const [one, other] = await Promise.all([
      open({ limits, sharedCounts: { counters, hash } }),
      open({ limits, sharedCounts: { counters, hash } }),
    ]);
    expect(await statuses(one, '/public/x', [{}, {}, {}, {}])).toEqual([200, 200, 200, 200]);
    expect(counters.commands).toBe(0);
    expect(await statuses(other, '/public/x', [{}])).toEqual([200]);
    passOneSecond();
    await expect.poll(() => counters.commands, settled).toBe(2);
    // Both have told what they counted; who was first hears of the other with its next.
    expect(await statuses(one, '/public/x', [{}])).toEqual([200]);
    passOneSecond();
    await expect.poll(() => counters.commands, settled).toBe(3);
    expect(await statuses(one, '/public/x', [{}, {}])).toEqual([429, 429]);
    expect([...counters.keys].join()).not.toContain('127.0.0.1');
  });

  it('go on by what each sees while the store does not answer, and say so once', async () => {
    const counters = countersInMemory();
    counters.fail = true;
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const gateway = await open({ limits, logger, sharedCounts: { counters, hash } });
    expect(
      await statuses(
        gateway,
        '/public/x',
        Array.from({ length: 8 }, () => ({})),
      ),
    ).toEqual([...Array.from({ length: 6 }, () => 200), 429, 429]);
    passOneSecond();
    await expect.poll(() => warnings, settled).toEqual(['requests are limited by this gateway alone']);
    time += 120_000;
    expect(await statuses(gateway, '/public/x', [{}])).toEqual([200]);
    const before = counters.commands;
    passOneSecond();
    await expect.poll(() => counters.commands, settled).toBeGreaterThan(before);
    expect(warnings).toHaveLength(1);
  });
});
