import { connect } from 'node:tls';
import { expect, it } from 'vitest';
import { cookie, type TestGateway } from '@sallyport/gateway/test-support';
import type { ProxyInFront } from './proxy-in-front.ts';

/** What came back: enough of it to tell who answered what. */
interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

type Headers = Readonly<Record<string, string>>;

const page = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Site': 'none' };

/** What must hold behind every proxy that asks. The proxy decides on nothing, and the service sees no request that was refused. */
export function rowsOfForwardAuth(proxy: () => ProxyInFront): void {
  const ask = (method: string, target: string, headers: Headers = {}, body = ''): Promise<Answer> => {
    const host = `app.test:${proxy().port}`;
    const length = body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const all = { Host: host, Connection: 'close', ...headers, ...length };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    return send([`${method} ${target} HTTP/1.1`, ...lines], body);
  };
  const send = (lines: readonly string[], body = ''): Promise<Answer> =>
    sendRaw(proxy(), [...lines, '', body].join('\r\n'));
  const seen = (): TestGateway['upstream']['seen'] => proxy().gateway.upstream.seen;
  const firstSeen = (): TestGateway['upstream']['seen'][number] => {
    const [first] = seen();
    if (first === undefined) throw new Error('nothing reached the service');
    return first;
  };
  const signedIn = (): Headers => cookie(proxy().gateway.sessions.add());

  it('a signed-in user gets through, with a token that the service can verify', async () => {
    const session = signedIn()['Cookie'] ?? '';
    const answer = await ask('GET', '/api/a%20b?x=%2F', { Cookie: `a=1; ${session}; b=2` });
    expect(answer.status).toBe(200);
    expect(seen()).toHaveLength(1);
    expect(seen()[0]).toMatchObject({ target: '/api/a%20b?x=%2F', method: 'GET' });
    const { headers } = firstSeen();
    expect(claimsOf(headers['authorization'])).toMatchObject({ aud: 'api', sub: 'alice' });
    expect(headers['cookie']).toBe('a=1; b=2');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(seen())).not.toContain(session.split('=')[1]);
  });

  it('a body goes to the service, and not to the gateway', async () => {
    const body = 'x'.repeat(100_000);
    const answer = await ask('POST', '/api/x', { ...signedIn(), 'Sec-Fetch-Site': 'same-origin' }, body);
    expect(answer.status).toBe(200);
    expect(seen()[0]?.body).toBe(body);
    expect(seen()[0]?.method).toBe('POST');
  });

  it('a stranger is sent to the sign-in page when a page is loaded, and gets 401 otherwise', async () => {
    const navigation = await ask('GET', '/api/x?a=1', page);
    expect(navigation.status).toBe(303);
    expect(navigation.head).toMatch(
      new RegExp(`^location: https://app\\.test:${proxy().port}/auth/sign-in\\?returnTo=%2Fapi%2Fx%3Fa%3D1\r?$`, 'im'),
    );
    const fetched = await ask('GET', '/api/x');
    expect(fetched.status).toBe(401);
    expect(fetched.head).toMatch(/^www-authenticate: Bearer/im);
    expect(seen()).toEqual([]);
  });

  it('a HEAD is decided on like any other request', async () => {
    expect((await ask('HEAD', '/api/x')).status).toBe(401);
    expect((await ask('HEAD', '/api/x', signedIn())).status).toBe(200);
    expect(seen().map(({ method }) => method)).toEqual(['HEAD']);
  });

  it.each<[string, number, string, string, () => Headers]>([
    ['who lacks the role', 403, 'GET', '/admin/x', signedIn],
    ['a dead session', 401, 'GET', '/api/x', () => cookie('x'.repeat(43))],
    [
      'two sessions',
      401,
      'GET',
      '/api/x',
      () => ({ Cookie: `${cookie('x'.repeat(43)).Cookie}; ${cookie('y'.repeat(43)).Cookie}` }),
    ],
    ['a bearer of something', 401, 'GET', '/api/x', () => ({ Authorization: 'Bearer made-up' })],
    ['another site', 403, 'POST', '/api/x', () => ({ ...signedIn(), Origin: 'https://evil.test' })],
    ['an anonymous caller', 403, 'POST', '/api/x', signedIn],
    ['what the gateway answers itself', 404, 'GET', '/internal/.well-known/jwks.json', () => ({})],
    ['the health of the gateway', 404, 'GET', '/healthz', () => ({})],
  ])('refuses %s, and the service hears nothing', async (_name, status, method, target, headers) => {
    expect((await ask(method, target, headers())).status).toBe(status);
    expect(seen()).toEqual([]);
  });

  it('a store that does not answer is 503, and no user is signed out', async () => {
    const { sessions } = proxy().gateway;
    const headers = signedIn();
    sessions.beforeAnswer = () => Promise.reject(new Error('down'));
    const answer = await ask('GET', '/api/x', headers);
    sessions.beforeAnswer = async () => {};
    expect(answer.status).toBe(503);
    expect(answer.head).toMatch(/^retry-after: \d/im);
    expect(answer.head).not.toMatch(/^set-cookie:/im);
    expect(seen()).toEqual([]);
    expect((await ask('GET', '/api/x', headers)).status).toBe(200);
  });

  it('a session that has ended does not get through once more', async () => {
    const { sessions, bus } = proxy().gateway;
    const token = sessions.add();
    expect((await ask('GET', '/api/x', cookie(token))).status).toBe(200);
    const sid = sessions.sidOf(token);
    sessions.remove(token);
    await bus.revoke('session', sid);
    expect((await ask('GET', '/api/x', cookie(token))).status).toBe(401);
    expect(seen()).toHaveLength(1);
  });

  it('nothing that a client says about identity reaches a service', async () => {
    const answer = await ask('GET', '/public/x', {
      Authorization: 'Bearer made-up',
      'X-Sallyport-Authorization': 'Bearer made-up',
      'X-Request-Id': 'made-up',
      ...signedIn(),
    });
    expect(answer.status).toBe(200);
    const { headers } = firstSeen();
    expect(headers['authorization'] ?? '').toBe('');
    expect(headers['cookie'] ?? '').toBe('');
    expect(headers['x-request-id']).not.toBe('made-up');
  });

  it.each<[string, readonly string[]]>([
    ['X-Forwarded-Uri', ['X-Forwarded-Uri: /public/x']],
    ['X-Forwarded-Uri, twice', ['X-Forwarded-Uri: /public/x', 'x-forwarded-uri: /public/y']],
    ['X-Forwarded-Method', ['X-Forwarded-Method: OPTIONS']],
    ['X-Forwarded-Host', ['X-Forwarded-Host: evil.test']],
    ['X-Original-URI', ['X-Original-URI: /public/x', 'X-Original-Method: GET']],
    ['X-Original-URL and X-Rewrite-URL', ['X-Original-URL: /public/x', 'X-Rewrite-URL: /public/x']],
    ['X_Forwarded_Uri', ['X_Forwarded_Uri: /public/x', 'X_Original_URI: /public/x']],
    ['a hop-by-hop trick', ['Connection: X-Forwarded-Uri, X-Original-URI, Cookie, X-Forwarded-Method']],
  ])('a client cannot have another request decided on by %s', async (_name, lines) => {
    const answer = await send([`GET /api/x HTTP/1.1`, `Host: app.test:${proxy().port}`, 'Connection: close', ...lines]);
    expect([400, 401]).toContain(answer.status);
    expect(seen()).toEqual([]);
  });

  it.each([
    '/public/../admin/x',
    '/public/%2e%2e/admin/x',
    '/public/.%2e/admin/x',
    '/public/..%2fadmin/x',
    '/public/..%5cadmin/x',
    '/public/%252e%252e/admin/x',
    '//admin/x',
    '/public//admin/x',
    '/admin;a=b/x',
    '/admin%00/x',
    '/public/%c0%ae%c0%ae/admin',
    '/%61dmin/x',
    '/admin/.',
    '/admin/x/..',
    '/public/x%3f/../admin',
    '/public/x%23/../../admin',
    'http://app.test/admin/x',
    '/public/x/.%09./admin/u',
    '/auth/../admin/x',
    '/public\\..\\admin\\x',
    '/public/%',
    '/admin/x?/public/',
    '/admin/x#/public/',
  ])('%s reaches no service without a session', async (target) => {
    const answer = await ask('GET', target);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(seen()).toEqual([]);
  });

  it.each<[string, (port: number) => readonly string[]]>([
    ['two hosts', (port) => [`Host: app.test:${port}`, 'Host: evil.test']],
    ['a host that is not served', () => ['Host: evil.test']],
    ['no host', () => []],
  ])('refuses %s', async (_name, hosts) => {
    const answer = await send(['GET /public/x HTTP/1.1', ...hosts(proxy().port), 'Connection: close']);
    // Caddy serves hosts that it does not know with an empty page.
    expect(answer.status === 200 ? answer.body : '').toBe('');
    expect(seen()).toEqual([]);
  });

  it('a handshake of another site opens nothing', async () => {
    const handshake = {
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const answer = await ask('GET', '/public/x', {
      ...handshake,
      Connection: 'Upgrade, close',
      Origin: 'https://evil.test',
    });
    expect(answer.status).toBe(403);
    expect(seen()).toEqual([]);
  });
}

/** Sends bytes as they are, and reads until the other side closes. */
async function sendRaw({ port, ca }: ProxyInFront, bytes: string): Promise<Answer> {
  const text = await new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port, servername: 'app.test', ca, ALPNProtocols: ['http/1.1'] }, () =>
      socket.write(bytes),
    );
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
  const end = text.indexOf('\r\n\r\n');
  const head = end === -1 ? text : text.slice(0, end);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body: text.slice(head.length).trim() };
}

function claimsOf(authorization: unknown): unknown {
  const [, claims = ''] = String(authorization).split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}
