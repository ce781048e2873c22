import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { toPublicLocation, type LocationContext } from './public-location.ts';

const context: LocationContext = {
  publicOrigin: 'https://app.test',
  upstreamOrigins: ['http://orders.internal:3001', 'http://10.0.0.5', 'http://127.0.0.1:3002'],
  strippedPrefix: '',
};
const read = (location: string, change: Partial<LocationContext> = {}): string =>
  toPublicLocation(location, { ...context, ...change }).location;

describe('a Location that names a target of the route leads to the same path outside:', () => {
  it.each([
    ['as it is configured', 'http://orders.internal:3001/x?y#z', 'https://app.test/x?y#z'],
    ['with the scheme that clients use', 'https://orders.internal:3001/x', 'https://app.test/x'],
    ['at the port of either scheme', 'https://10.0.0.5/x', 'https://app.test/x'],
    ['without a scheme', '//orders.internal:3001/x', 'https://app.test/x'],
    ['behind a backslash', '/\\orders.internal:3001/x', 'https://app.test/x'],
    ['behind a tab', '/\t/orders.internal:3001/x', 'https://app.test/x'],
    ['behind a space', ' http://10.0.0.5/x', 'https://app.test/x'],
    ['behind one slash', 'http:/10.0.0.5/x', 'https://app.test/x'],
    ['with a password', 'http://user:secret@10.0.0.5/x', 'https://app.test/x'],
    ['with a dot behind its name', 'http://orders.internal.:3001/x', 'https://app.test/x'],
    ['in capitals', 'HTTP://ORDERS.internal:3001/x', 'https://app.test/x'],
    ['by another loopback name', 'http://localhost:3002/x', 'https://app.test/x'],
    ['by what it is bound to', 'http://0.0.0.0:3001/x', 'https://app.test/x'],
  ])('%s', (_how, location, expected) => {
    expect(read(location)).toBe(expected);
  });
});

describe('a Location that names something else stays as it is:', () => {
  it.each([
    ['an app', 'myapp://callback?code=1'],
    ['an app with a host', 'com.example.app://orders.internal:3001/callback'],
    ['a mail', 'mailto:help@orders.internal'],
    ['another server of the network', 'http://billing.internal:3001/x'],
    ['another address of the network', 'http://10.0.0.6/x'],
    ['another port of the same host', 'http://orders.internal:3009/x'],
    ['the loopback address of a native app (RFC 8252, section 7.3)', 'http://127.0.0.1:49152/callback'],
    ['another site', 'https://elsewhere.example/x'],
    ['another site, without a scheme', '//elsewhere.example/x'],
    ['the public address', 'https://app.test/x'],
    ['a path', '/x'],
    ['a path from here', 'x'],
    ['a query', '?y'],
    ['what no client can read', 'http://%'],
  ])('%s', (_what, location) => {
    expect(read(location)).toBe(location);
  });

  it('whatever scheme and host it has', () => {
    const scheme = fc.stringMatching(/^[a-z][a-z0-9+.-]{0,12}$/).filter((text) => !/^https?$/.test(text));
    fc.assert(
      fc.property(scheme, fc.constantFrom('://', ':/', ':'), fc.webPath(), (name, separator, path) => {
        const location = `${name}${separator}orders.internal:3001${path}`;
        expect(read(location)).toBe(location);
      }),
    );
    fc.assert(
      fc.property(fc.webUrl(), (location) => {
        expect(read(location)).toBe(location);
      }),
    );
  }, 60_000);
});

describe('behind a stripped prefix', () => {
  const strippedPrefix = '/api/orders';

  it.each([
    ['a path', '/login?next=%2Fa#b', '/api/orders/login?next=%2Fa#b'],
    ['the root', '/', '/api/orders/'],
    ['a path that browsers read as one', '\\login', '/api/orders/login'],
    ['a path that climbs', '/../../login', '/api/orders/login'],
    ['a path that begins like the prefix', '/api/ordersx', '/api/orders/api/ordersx'],
    ['a path behind a target of the route', 'http://10.0.0.5/login', 'https://app.test/api/orders/login'],
  ])('%s gets the prefix back', (_what, location, expected) => {
    expect(read(location, { strippedPrefix })).toBe(expected);
  });

  it.each([
    ['the prefix', '/api/orders'],
    ['the prefix with a query', '/api/orders?x=1'],
    ['a path below it', '/api/orders/login'],
    ['a path from here', 'login'],
    ['a query', '?x'],
    ['a place of the public address', 'https://app.test/login'],
    ['another site', 'https://elsewhere.example/login'],
  ])('%s stays as it is', (_what, location) => {
    expect(read(location, { strippedPrefix })).toBe(location);
  });

  it('the prefix is there once, whatever the path', () => {
    fc.assert(
      fc.property(fc.webPath(), fc.boolean(), (path, hasPrefix) => {
        fc.pre(path.startsWith('/') && !path.startsWith('//') && !/(?:^|\/)(?:\.|%2e)/i.test(path));
        const written = read(hasPrefix ? `${strippedPrefix}${path}` : path, { strippedPrefix });
        expect(written).toBe(`${strippedPrefix}${path}`);
      }),
    );
  }, 60_000);
});

describe('at a gateway', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      moreRoutes: [
        { name: 'stripped', prefix: '/stripped', access: 'public', stripPrefix: true },
        { name: 'own', prefix: '/own', access: 'public', locations: 'own' },
      ],
    });
  });
  afterAll(() => gateway.close());

  const ask = async (path: string, location: string) => {
    gateway.upstream.answer = (_, response) => void response.writeHead(302, { location }).end();
    return gateway.send('GET', path);
  };

  it.each([
    'myapp://callback?code=1',
    'http://billing.internal/x',
    'http://10.1.2.3:8080/x',
    'https://other.example/x',
  ])('a redirect to %s arrives as the service wrote it', async (location) => {
    expect((await ask('/public/x', location)).headers).toMatchObject({ location });
  });

  it('a redirect of a service to its own address leads to the public one', async () => {
    const answer = await ask('/public/x', `${gateway.upstream.origin}/y?z`);
    expect(answer.headers).toMatchObject({ location: 'https://app.test/y?z' });
  });

  it.each(['myapp://callback', 'http://billing.internal/x', 'https://other.example/x', 'javascript:alert(1)', '//a.b'])(
    'a redirect to %s is 502 where the route allows its own locations alone',
    async (location) => {
      const answer = await ask('/own/x', location);
      expect(answer.status).toBe(502);
      expect(answer.head).not.toContain(location);
    },
  );

  it.each(['/x', 'x', 'https://app.test/x', 'https://shop.test/x'])(
    'a redirect to %s passes where the route allows its own locations alone',
    async (location) => {
      expect(await ask('/own/x', location)).toMatchObject({ status: 302, headers: { location } });
    },
  );

  it.each([
    ['/login', '/stripped/login'],
    ['/stripped/login', '/stripped/login'],
    ['UPSTREAM/login', 'https://app.test/stripped/login'],
    ['UPSTREAM/stripped/login', 'https://app.test/stripped/login'],
  ])('a redirect to %s behind a stripped prefix leads to %s', async (location, expected) => {
    const answer = await ask('/stripped/x', location.replace('UPSTREAM', gateway.upstream.origin));
    expect(answer.headers).toMatchObject({ location: expected });
  });

  it('explain names the locations that a route allows', async () => {
    const { stages } = await gateway.gateway.explain({ method: 'GET', target: '/own/x', headers: [] });
    expect(stages.at(-1)?.facts).toContainEqual({ name: 'locations', value: 'own' });
  });
});
