import { OptionsError } from '@sallyport/core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, sendRaw, type RawAnswer } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
let handled = 0;
let port: number;
beforeAll(async () => {
  gateway = await startTestGateway({
    forwardAuth: { proxies: ['127.0.0.1'] },
    mounts: [{ name: 'auth', prefix: '/auth', access: 'optional', slide: false, handle: () => void handled++ }],
  });
  ({ port } = await gateway.gateway.listenForwardAuth({ host: '127.0.0.1', port: 0 }));
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

type Headers = Readonly<Record<string, string>>;
const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Site': 'none' };

/** Asks as Traefik and Caddy do. */
const ask = (method: string, target: string, headers: Headers = {}, change: Headers = {}): Promise<RawAnswer> =>
  request(port, 'GET', '/forward-auth', {
    Host: '127.0.0.1:9500',
    'X-Forwarded-Method': method,
    'X-Forwarded-Uri': target,
    'X-Forwarded-Host': 'app.test',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-For': '198.51.100.7',
    ...headers,
    ...change,
  });

/** Asks as nginx does. */
const askLikeNginx = (method: string, target: string, headers: Headers = {}): Promise<RawAnswer> =>
  request(port, 'GET', '/forward-auth', {
    Host: 'app.test',
    'X-Original-Method': method,
    'X-Original-URI': target,
    'X-Forwarded-Proto': 'https',
    ...headers,
  });

/** Asks as ingress-nginx does for `auth-url`: `Host` is that of the address asked, the original one is in the URL. */
const askLikeIngress = (method: string, target: string, headers: Headers = {}): Promise<RawAnswer> =>
  request(port, 'GET', '/forward-auth', {
    Host: 'gateway.sallyport.svc.cluster.local:9500',
    'X-Original-URL': `https://app.test${target}`,
    'X-Original-Method': method,
    'X-Sent-From': 'nginx-ingress-controller',
    'X-Real-IP': '198.51.100.7',
    'X-Forwarded-For': '198.51.100.7',
    'X-Auth-Request-Redirect': target,
    ...headers,
  });

/** Asks as Envoy does for `ext_authz` with `path_prefix`: the request as it is, without its body, behind the prefix. */
const askLikeEnvoy = (method: string, target: string, headers: Headers = {}): Promise<RawAnswer> =>
  request(port, method, `/forward-auth${target}`, {
    Host: 'app.test',
    'Content-Length': '0',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-For': '198.51.100.7,127.0.0.1',
    'X-Envoy-Internal': 'true',
    'X-Envoy-Expected-Rq-Timeout-Ms': '5000',
    ...headers,
  });

describe.each([
  ['Traefik and Caddy ask', ask],
  ['nginx asks', askLikeNginx],
  ['ingress-nginx asks', askLikeIngress],
  ['Envoy asks', askLikeEnvoy],
])('when %s', (asker, askAs) => {
  /** Envoy asks with the method of the client, and an answer to HEAD has no body. */
  const hasBody = (method: string): boolean => !(method === 'HEAD' && asker.startsWith('Envoy'));

  it('a known caller passes, with a token for the service and without the session', async () => {
    const session = cookie(gateway.sessions.add()).Cookie;
    const answer = await askAs('POST', '/api/x?a=1', {
      Cookie: `theme=dark; ${session}`,
      'Sec-Fetch-Site': 'same-origin',
    });
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.headers).toMatchObject({ cookie: 'theme=dark', 'cache-control': 'no-store', 'content-length': '0' });
    expect(answer.headers['authorization']).toMatch(/^Bearer eyJ/);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.head).not.toContain(session.split('=')[1]);
    expect(gateway.upstream.started).toBe(0);
  });

  it('an anonymous caller passes on a public route, and no identity comes back', async () => {
    const answer = await askAs('GET', '/public/x', {
      Authorization: 'Bearer made-up',
      ...cookie(gateway.sessions.add()),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('authorization');
    expect(answer.headers).not.toHaveProperty('cookie');
  });

  it.each<[string, number, string, string, string, () => Headers]>([
    ['a stranger', 401, 'SP_UNAUTHENTICATED', 'GET', '/api/x', () => ({})],
    ['a dead session', 401, 'SP_UNAUTHENTICATED', 'GET', '/api/x', () => cookie('x'.repeat(43))],
    ['who lacks a role', 403, 'SP_FORBIDDEN', 'GET', '/admin/x', () => cookie(gateway.sessions.add())],
    ['a bearer of something', 401, 'SP_TOKEN_INVALID', 'GET', '/api/x', () => ({ Authorization: 'Bearer x' })],
    [
      'a page of another site',
      403,
      'SP_CROSS_SITE_REQUEST',
      'POST',
      '/api/x',
      () => ({ ...cookie(gateway.sessions.add()), Origin: 'https://evil.test' }),
    ],
    [
      'a handshake of another site',
      403,
      'SP_CROSS_SITE_REQUEST',
      'GET',
      '/public/x',
      () => ({
        Origin: 'https://evil.test',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version': '13',
      }),
    ],
    [
      'a malformed handshake',
      400,
      'SP_REQUEST_AMBIGUOUS',
      'GET',
      '/public/x',
      () => ({ Connection: 'Upgrade', Upgrade: 'websocket' }),
    ],
    ['a method that is not known', 405, 'SP_METHOD_NOT_ALLOWED', 'TRACE', '/public/x', () => ({})],
    ['an encoded slash', 400, 'SP_REQUEST_AMBIGUOUS', 'GET', '/public/..%2fapi', () => ({})],
    ['two readings of a path', 400, 'SP_REQUEST_AMBIGUOUS', 'GET', '/public//x', () => ({})],
    ['what the gateway answers itself', 404, 'SP_NOT_FOUND', 'GET', '/auth/session', () => ({})],
    ['the health of the gateway', 404, 'SP_NOT_FOUND', 'GET', '/healthz', () => ({})],
    ['whether the gateway is ready', 404, 'SP_NOT_FOUND', 'HEAD', '/readyz', () => ({})],
    ['the keys', 404, 'SP_NOT_FOUND', 'GET', '/internal/.well-known/jwks.json', () => ({})],
  ])('refuses %s', async (_case, status, code, method, target, headers) => {
    const answer = await askAs(method, target, headers());
    expect(answer.status).toBe(status);
    if (hasBody(method)) expect(JSON.parse(answer.body)).toMatchObject({ code, status });
    expect(answer.headers).not.toHaveProperty('authorization');
    expect(answer.headers['www-authenticate'] !== undefined).toBe(status === 401);
    expect(handled).toBe(0);
  });

  it('says 503 when the store does not answer', async () => {
    const token = gateway.sessions.add();
    gateway.sessions.beforeAnswer = () => Promise.reject(new Error('down'));
    const answer = await askAs('GET', '/api/x', cookie(token));
    gateway.sessions.beforeAnswer = async () => {};
    expect(answer.status).toBe(503);
    expect(answer.headers).toHaveProperty('retry-after');
  });

  it('keeps the connection in step for a HEAD', async () => {
    const answer = await askAs('HEAD', '/api/x');
    expect(answer.status).toBe(401);
    expect(answer.body).toHaveLength(hasBody('HEAD') ? Number(answer.headers['content-length']) : 0);
  });

  it('refuses an address in place of a path', async () => {
    // Behind the prefix it is not at the address of the endpoint.
    const answer = await askAs('GET', 'https://app.test/public/x');
    expect(answer.status).toBe(asker.startsWith('Envoy') ? 404 : 400);
  });

  it('hears of the end of a session at once', async () => {
    const token = gateway.sessions.add();
    expect((await askAs('GET', '/api/x', cookie(token))).status).toBe(200);
    const sid = gateway.sessions.sidOf(token);
    gateway.sessions.remove(token);
    await gateway.bus.revoke('session', sid);
    expect((await askAs('GET', '/api/x', cookie(token))).status).toBe(401);
  });
});

describe('a person who has to sign in', () => {
  it('is sent there by the full address, which no proxy completes with its own', async () => {
    const answer = await ask('GET', '/api/x?a=1', navigation);
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).toBe('https://app.test/auth/sign-in?returnTo=%2Fapi%2Fx%3Fa%3D1');
  });

  it('is sent there by nginx, which is told the address with the 401', async () => {
    const answer = await askLikeNginx('GET', '/api/x', navigation);
    expect(answer.status).toBe(401);
    expect(answer.headers['x-sallyport-location']).toBe('https://app.test/auth/sign-in?returnTo=%2Fapi%2Fx');
    expect(answer.headers).not.toHaveProperty('location');
  });

  it('is sent there by ingress-nginx and Envoy, each in its way', async () => {
    const address = 'https://app.test/auth/sign-in?returnTo=%2Fapi%2Fx';
    const told = await askLikeIngress('GET', '/api/x', navigation);
    expect(told).toMatchObject({ status: 401, headers: { 'x-sallyport-location': address } });
    const sent = await askLikeEnvoy('GET', '/api/x', navigation);
    expect(sent).toMatchObject({ status: 303, headers: { location: address } });
  });

  it('is asked to come by https first, whatever the client says beside its URL', async () => {
    const overHttp = { 'X-Original-URL': 'http://app.test/api/x', 'X-Forwarded-Proto': 'https', ...navigation };
    expect((await askLikeIngress('GET', '/api/x', overHttp)).headers['x-sallyport-location']).toBe(
      'https://app.test/api/x',
    );
    expect((await askLikeIngress('POST', '/api/x', overHttp)).status).toBe(403);
  });

  it('is asked to come by https first', async () => {
    const answer = await ask('GET', '/api/x', navigation, { 'X-Forwarded-Proto': 'http' });
    expect(answer.status).toBe(308);
    expect(answer.headers['location']).toBe('https://app.test/api/x');
    expect((await ask('POST', '/api/x', {}, { 'X-Forwarded-Proto': 'http' })).status).toBe(403);
  });
});

describe('an answer to Envoy', () => {
  it('names what of the client has to go, because Envoy leaves it where the answer says nothing', async () => {
    const session = cookie(gateway.sessions.add()).Cookie;
    const toRemove = async (target: string, headers: Headers): Promise<string | undefined> =>
      (await askLikeEnvoy('GET', target, headers)).headers['x-envoy-auth-headers-to-remove'];
    expect(await toRemove('/public/x', { Authorization: 'Bearer made-up' })).toBe('authorization,cookie');
    expect(await toRemove('/public/x', { Cookie: 'theme=dark' })).toBe('authorization');
    expect(await toRemove('/public/x', { Cookie: 'theme=dark', DPoP: 'proof' })).toBe('authorization,dpop');
    expect(await toRemove('/api/x', { Cookie: session })).toBe('cookie');
    expect(await toRemove('/api/x', { Cookie: `theme=dark; ${session}` })).toBeUndefined();
    expect((await ask('GET', '/public/x')).headers).not.toHaveProperty('x-envoy-auth-headers-to-remove');
  });
});

describe('a client that describes a public request beside what its proxy says', () => {
  const added: readonly (readonly [string, string])[] = [
    ['X-Forwarded-Method', 'GET'],
    ['X-Forwarded-Uri', '/public/x'],
    ['X-Forwarded-Host', 'app.test'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Original-Method', 'GET'],
    ['X-Original-URI', '/public/x'],
    ['X-Original-URL', 'https://app.test/public/x'],
  ];
  it.each([
    ['Traefik and Caddy', ask, ['X-Forwarded-Method', 'X-Forwarded-Uri', 'X-Forwarded-Host', 'X-Forwarded-Proto']],
    ['nginx', askLikeNginx, ['X-Forwarded-Proto', 'X-Original-Method', 'X-Original-URI']],
    ['ingress-nginx', askLikeIngress, ['X-Original-Method', 'X-Original-URL']],
    ['Envoy', askLikeEnvoy, ['X-Forwarded-Proto']],
  ] as const)('gets through none of %s', async (_name, askAs, replaced) => {
    const names: readonly string[] = replaced;
    const pool = added.filter(([name]) => !names.includes(name));
    await fc.assert(
      fc.asyncProperty(fc.subarray([...pool]), async (chosen) => {
        const { status } = await askAs('GET', '/api/x', Object.fromEntries(chosen));
        expect([400, 401]).toContain(status);
      }),
      { numRuns: 64 },
    );
  });
});

describe('an auth subrequest', () => {
  const whole = ['Host: app.test', 'Connection: close', 'X-Forwarded-Proto: https'];
  const forwarded = ['X-Forwarded-Method: GET', 'X-Forwarded-Uri: /public/x', 'X-Forwarded-Host: app.test'];
  const original = ['X-Original-Method: GET', 'X-Original-URI: /public/x'];
  const url = (value: string): string => `X-Original-Method: GET\r\nX-Original-URL: ${value}`;
  const put = (lines: readonly string[], first = 'GET /forward-auth HTTP/1.1'): Promise<RawAnswer> =>
    sendRaw(port, [first, ...lines, '', ''].join('\r\n'));

  it.each(['https', 'HTTPS', 'wss'])('may name the scheme %s', async (scheme) => {
    const answer = await put([...whole.slice(0, 2), ...forwarded, `X-Forwarded-Proto: ${scheme}`]);
    expect(answer.status).toBe(200);
  });

  it('passes in every dialect', async () => {
    expect((await put([...whole, ...forwarded])).status).toBe(200);
    expect((await put([...whole.slice(0, 2), url('https://app.test/public/x')])).status).toBe(200);
    // What some servers write into it says nothing here.
    expect((await put([...whole, ...original, 'X-Original-URL: /admin'])).status).toBe(200);
    expect((await put([...whole, ...original])).status).toBe(200);
  });

  it.each([
    ['says nothing of the original request', whole],
    ['mixes both dialects', [...whole, ...forwarded, ...original]],
    ['adds a second dialect by one header', [...whole, ...forwarded, 'X-Original-Method: GET']],
    ['names two targets', [...whole, ...forwarded, 'X-Forwarded-Uri: /public/y']],
    ['names one target twice', [...whole, ...forwarded, 'x-forwarded-uri: /public/x']],
    ['names two methods', [...whole, ...forwarded, 'X-Forwarded-Method: POST']],
    ['names two hosts', [...whole, ...forwarded, 'X-Forwarded-Host: shop.test']],
    ['names two hosts in one header', [...whole, ...forwarded.slice(0, 2), 'X-Forwarded-Host: app.test, shop.test']],
    ['names two schemes', [...whole, ...forwarded, 'X-Forwarded-Proto: http']],
    ['names two schemes in one header', [...whole.slice(0, 2), ...forwarded, 'X-Forwarded-Proto: https, http']],
    ['names a made-up scheme', [...whole.slice(0, 2), ...forwarded, 'X-Forwarded-Proto: javascript']],
    ['names no scheme', [...whole.slice(0, 2), ...forwarded]],
    ['names no target', [...whole, 'X-Forwarded-Method: GET', 'X-Forwarded-Host: app.test']],
    ['names an empty target', [...whole, ...original.slice(0, 1), 'X-Original-URI: ']],
    ['names no host', [...whole.slice(1), ...original]],
    ['has two hosts of its own where that counts', [...whole, 'Host: shop.test', ...original]],
    ['describes itself by URL and target', [...whole, ...original, 'X-Original-URL: https://app.test/public/x']],
    ['names two URLs', [...whole, url('https://app.test/public/x'), 'X-Original-URL: https://app.test/public/y']],
    ['names a URL without a method', [...whole, 'X-Original-URL: https://app.test/public/x']],
    ['names a URL without a scheme', [...whole, url('//app.test/public/x')]],
    ['names a URL with a made-up scheme', [...whole, url('javascript://app.test/public/x')]],
    ['names a URL without a host', [...whole, url('https:///public/x')]],
    ['names a URL without a path', [...whole, url('https://app.test')]],
    ['names a URL whose host ends early', [...whole, url('https://app.test?/public/x')]],
    ['names a URL with a person in it', [...whole, url('https://app.test@shop.test/public/x')]],
    ['brings a body', [...whole, ...forwarded, 'Content-Length: 1']],
    ['brings a body in pieces', [...whole, ...forwarded, 'Transfer-Encoding: chunked']],
  ])('is refused when it %s', async (_name, lines) => {
    const answer = await put(lines);
    expect(answer.status).toBe(400);
    expect(answer.headers['connection']).toBe('close');
  });

  it('is found at one address, by GET', async () => {
    const lines = [...whole, ...forwarded];
    expect((await put(lines, 'GET /forward-auth?x=/public HTTP/1.1')).status).toBe(200);
    expect((await put(lines, 'GET /forward-authx HTTP/1.1')).status).toBe(404);
    // Behind a slash stands the original path, and headers must not describe another request.
    expect((await put(whole, 'GET /forward-auth/public/x HTTP/1.1')).status).toBe(200);
    expect((await put(lines, 'GET /forward-auth/public/x HTTP/1.1')).status).toBe(400);
    expect((await put([...whole, ...original], 'GET /forward-auth/public/x HTTP/1.1')).status).toBe(400);
    expect((await put(lines, 'GET / HTTP/1.1')).status).toBe(404);
    expect((await put(lines, 'HEAD /forward-auth HTTP/1.1')).status).toBe(405);
    expect((await put(lines, 'POST /forward-auth HTTP/1.1')).status).toBe(405);
  });

  it('is refused from any address but those of declared proxies', async () => {
    const strict = await startTestGateway({ forwardAuth: { proxies: ['10.0.0.0/8'] } });
    const listening = await strict.gateway.listenForwardAuth({ host: '127.0.0.1', port: 0 });
    const answer = await sendRaw(
      listening.port,
      ['GET /forward-auth HTTP/1.1', ...whole, ...forwarded, '', ''].join('\r\n'),
    );
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_FORBIDDEN' });
    await strict.close();
  });

  it('needs a declared proxy before its listener opens', async () => {
    const plain = await startTestGateway();
    await expect(plain.gateway.listenForwardAuth({ host: '127.0.0.1', port: 0 })).rejects.toThrow(OptionsError);
    await plain.close();
  });
});
