import { sessionCookieFor } from '@sallyport/core';
import { createGateway, type Gateway } from '@sallyport/gateway';
import { createInProcessBus } from '@sallyport/stores';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toGatewayOptions } from '../to-gateway-options.ts';
import type { Config } from './config-schema.ts';
import { ConfigurationError } from './configuration-error.ts';
import { parseConfig } from './parse-config.ts';

const bounds = [
  -1,
  0,
  0.04,
  0.1,
  0.5,
  1,
  2,
  9,
  10,
  11,
  29,
  30,
  300,
  301,
  1000,
  1001,
  3600,
  3601,
  4095,
  4096,
  10_000,
  10_001,
  65_535,
  65_536,
  65_537,
  86_400_001,
  1e6,
  1e6 + 1,
  1e7,
  1e7 + 1,
  1_048_576,
  1_048_577,
  31_535_999,
  31_536_000,
  315_360_000,
  315_360_001,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '1',
  null,
];
const number = fc.oneof(fc.constantFrom<unknown>(...bounds), fc.integer({ min: 1, max: 300 }), fc.double());
/** Three of these can be used. */
const hstsAge = fc.constantFrom(-1, 0, 1, 31_535_999, 31_536_000, 315_360_000, 315_360_001, 31_536_000.5);
const host = fc.constantFrom(
  'a',
  'a.example',
  'A.example',
  'a.example.',
  'a..example',
  '*.example',
  '*.',
  '*',
  'a b',
  '',
  'a:',
  'a:0',
  '-a',
  'a:99999',
  'a:443',
  '[::1]',
  '[::1]:3000',
  '::1',
  '1.2.3.4:80',
  'xn--bcher-kva.example',
  'bücher.example',
);
const network = fc.constantFrom(
  '127.0.0.1',
  '10.0.0.0/8',
  '10.0.0.0/7',
  '0.0.0.0/0',
  '::1',
  'fd00::/16',
  '::/0',
  '::ffff:0:0/96',
  'a',
  '',
);
const publicUrl = fc.constantFrom(
  'https://a.example',
  'https://a.example/',
  'https://a.example/?',
  'https://a.example/#',
  'HTTPS://A.EXAMPLE',
  'https://a.example:443',
  'https://u@a.example',
  'https://a.example/x',
  'https://bücher.example',
  'https:a.example',
  'http://localhost',
  'http://a.localhost:3000',
  'http://[::1]:3000',
  'http://127.1',
  'http://a.example',
  'ftp://a',
);
const requestLimit = fc.record({
  per: fc.constantFrom('address', 'session', 'account', 'key', 'nobody'),
  max: fc.constantFrom(0, 1, 10_000_000, 10_000_001),
  seconds: fc.constantFrom(0, 1, 60, 86_400, 86_401),
});
const route = fc
  .tuple(
    fc.record({
      name: fc.constantFrom('shop', 'cart', 'auth'),
      prefix: fc.constantFrom('/', '/api', '/API', '/auth', '/Auth', '/auth/x', '/a//b'),
      upstream: fc.constantFrom<unknown>('http://127.0.0.1:1', ['http://127.0.0.1:1', 'https://a'], 'http://a/b'),
      audience: fc.constant('shop'),
      access: fc.constantFrom<unknown>('public', 'optional', 'signed-in', 'service', { roles: ['user'] }),
    }),
    partial({
      csrf: fc.constantFrom('same-origin', 'off'),
      credentials: fc.constantFrom(
        ['session'],
        ['session', 'session'],
        ['session', 'api-key'],
        ['session', 'bearer'],
        ['mtls'],
        ['canary'],
        [],
      ),
      methods: fc.constantFrom(['GET'], ['GET', 'POST'], ['BREW'], []),
      hosts: fc.array(host, { maxLength: 2 }),
      caseSensitive: fc.boolean(),
      stripPrefix: fc.boolean(),
      stepUp: fc.constantFrom<unknown>({ acr: 'mfa' }, { maxAgeSeconds: 1 }, {}, { acr: 'canary' }),
      limits: partial({ bodyBytes: number, inFlight: number, requests: fc.array(requestLimit, { maxLength: 2 }) }),
      timeouts: numbers('connectMilliseconds', 'headersMilliseconds', 'idleMilliseconds'),
      health: fc.record({ path: fc.constantFrom('/', 'x'), intervalSeconds: number, timeoutMilliseconds: number }),
    }),
  )
  .map(([always, more]) => ({ ...always, ...more }));

/** One or two of the members. */
function partial(members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  return fc
    .subarray(Object.keys(members), { minLength: 1, maxLength: Math.min(2, Object.keys(members).length) })
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, members[name] ?? fc.constant(0)]))));
}

function numbers(...names: readonly string[]): fc.Arbitrary<object> {
  return partial(Object.fromEntries(names.map((name) => [name, number])));
}

const parts: Record<string, fc.Arbitrary<object>> = {
  'the public URL': fc.record({ publicUrl }),
  hosts: partial({
    hosts: fc.array(host, { maxLength: 3 }),
    internal: fc.record({ hosts: fc.array(host, { maxLength: 3 }), subscribers: number }),
  }),
  'trusted proxies': fc.record({ trustedProxies: fc.array(network, { maxLength: 3 }) }),
  'forward auth': fc.record({
    forwardAuth: fc.record({ port: fc.constantFrom(0, 65_535, 65_536), proxies: fc.array(network, { maxLength: 3 }) }),
  }),
  hsts: fc.record({ hsts: fc.record({ maxAgeSeconds: hstsAge, includeSubDomains: fc.boolean() }) }),
  locales: fc.record({ locales: fc.array(fc.constantFrom('de', 'en-GB', 'en_GB', '', '-', 'a/b'), { maxLength: 2 }) }),
  'limits of connections': fc.record({
    limits: numbers('headersSeconds', 'idleSeconds', 'slowSeconds', 'slowBytesPerSecond', 'connections'),
  }),
  'limits of headers': fc.record({ limits: numbers('headers', 'cookies', 'headerBytes', 'bodyBytes') }),
  'limits of requests': fc.record({
    limits: partial({ requests: fc.array(requestLimit, { maxLength: 3 }), requestSubjects: number }),
  }),
  sessions: fc.record({ session: numbers('idleSeconds', 'absoluteSeconds') }),
  'the session cache': fc.record({ sessionCache: numbers('maxEntries', 'maxAgeSeconds') }),
  tokens: fc.record({ tokens: numbers('internalSeconds') }),
  upstreams: fc.record({ upstreams: numbers('failures', 'pauseSeconds') }),
  streams: fc.record({
    streams: numbers('perSession', 'perUser', 'tunnels', 'heartbeatSeconds', 'recheckSeconds', 'graceSeconds'),
  }),
  routes: fc.record({ routes: fc.array(route, { minLength: 1, maxLength: 2 }) }),
};

const valid = {
  publicUrl: 'https://a.example',
  policy: { permissions: {}, roles: { user: [] } },
  routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:1', audience: 'all', access: 'public' }],
};

function parseIfAccepted(change: object): Config | undefined {
  try {
    return parseConfig({ ...valid, ...change }, 'test');
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

function openGateway(config: Config): Gateway {
  return createGateway({
    ...toGatewayOptions(config),
    mounts: [{ name: 'auth', prefix: '/auth', access: 'optional', slide: false, handle: () => {} }],
    bus: createInProcessBus(),
    // Nothing is asked of the gateway.
    sessions: {} as never,
    keyRing: {} as never,
  });
}

describe('a configuration that is accepted', () => {
  it.each(Object.entries(parts))('starts a gateway, whatever it says of %s', async (_, change) => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(change, async (generated) => {
        const config = parseIfAccepted(generated);
        if (config === undefined) return;
        accepted += 1;
        const gateway = openGateway(config);
        const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
        expect(port).toBeGreaterThan(0);
        expect(sessionCookieFor(config.publicUrl).name).toMatch(/sallyport/);
        const lifetimes = [config.session.idleSeconds, config.session.absoluteSeconds];
        for (const seconds of lifetimes) expect(new Date(Date.now() + seconds * 1000).toISOString()).toMatch(/^\d/);
        await gateway.close({ graceMilliseconds: 0 });
      }),
      { numRuns: 100 },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});
