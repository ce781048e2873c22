import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

/* Ids are those of the catalogue of hostile cases. Bytes go over a socket, because clients tidy them up. */

let gateway: TestGateway;
let alice: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  alice = gateway.sessions.add();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

describe('host, target form and method', () => {
  const raw = (text: string): ReturnType<typeof sendRaw> => sendRaw(gateway.port, text.replaceAll('\n', '\r\n'));

  it.each([
    ['H01 absolute form', 'GET http://evil.test/api/x HTTP/1.1\nHost: app.test\n\n', 400],
    [
      'H02 absolute form with an upgrade',
      'GET http://169.254.169.254/latest HTTP/1.1\nHost: app.test\nConnection: Upgrade\nUpgrade: websocket\n\n',
      400,
    ],
    ['H04 two hosts', 'GET /api/x HTTP/1.1\nHost: app.test\nHost: evil.test\n\n', 400],
    ['H04 two hosts, reversed', 'GET /api/x HTTP/1.1\nHost: evil.test\nHost: app.test\n\n', 400],
    ['H05 unknown host', 'GET /public/x HTTP/1.1\nHost: evil.test\nConnection: close\n\n', 421],
    ['H07 host with a path', 'GET /public/x HTTP/1.1\nHost: app.test/admin\n\n', 400],
    ['H07 host with a user', 'GET /public/x HTTP/1.1\nHost: app.test@evil.test\n\n', 400],
    ['H07 host with a query', 'GET /public/x HTTP/1.1\nHost: app.test?x\n\n', 400],
    ['H08 empty host', 'GET /public/x HTTP/1.1\nHost:\n\n', 400],
    ['H08 no host', 'GET /public/x HTTP/1.1\n\n', 400],
    ['H08 HTTP/1.0 without host', 'GET /public/x HTTP/1.0\n\n', 400],
    ['H11 TRACE', 'TRACE /api/x HTTP/1.1\nHost: app.test\n\n', 405],
    ['H11 a made-up method', 'TRACK /api/x HTTP/1.1\nHost: app.test\n\n', 405],
    ['H11 QUERY', 'QUERY /public/x HTTP/1.1\nHost: app.test\n\n', 405],
    ['CONNECT', 'CONNECT evil.test:443 HTTP/1.1\nHost: app.test\n\n', 405],
    ['H14 no version', 'GET /public/x\n\n', 400],
    ['H16 a trailing dot', 'GET /public/x HTTP/1.1\nHost: shop.test.\nConnection: close\n\n', 421],
    ['H16 a longer name', 'GET /public/x HTTP/1.1\nHost: evilshop.test\nConnection: close\n\n', 421],
    ['authority form', 'GET app.test HTTP/1.1\nHost: app.test\n\n', 400],
    ['asterisk form', 'OPTIONS * HTTP/1.1\nHost: app.test\n\n', 400],
    ['S01', 'POST /public/x HTTP/1.1\nHost: app.test\nContent-Length: 3\nTransfer-Encoding: chunked\n\n0\n\n', 400],
    ['S02', 'POST /public/x HTTP/1.1\nHost: app.test\nTransfer-Encoding: xchunked\n\n0\n\n', 400],
    ['S02', 'POST /public/x HTTP/1.1\nHost: app.test\nTransfer-Encoding: gzip, chunked\n\n0\n\n', 400],
    ['S02', 'POST /public/x HTTP/1.1\nHost: app.test\nTransfer-Encoding: ,chunked\n\n0\n\n', 400],
    ['S02 in HTTP/1.0', 'POST /public/x HTTP/1.0\nHost: app.test\nTransfer-Encoding: chunked\n\n0\n\n', 400],
    ['S04', 'GET /public/x HTTP/1.1\nHost: app.test\nX : y\n\n', 400],
    ['S05', 'POST /public/x HTTP/1.1\nHost: app.test\nTransfer-Encoding: chunked\n\n5_0\nhello\n', 400],
    ['Q07 one huge header', `GET /public/x HTTP/1.1\nHost: app.test\nA: ${'b'.repeat(20_000)}\n\n`, 431],
    ['Q07 one huge name', `GET /public/x HTTP/1.1\nHost: app.test\n${'a'.repeat(17_000)}: b\n\n`, 431],
    ['Q07 a huge target', `GET /public/${'a'.repeat(17_000)} HTTP/1.1\nHost: app.test\n\n`, 431],
    [
      'Q07 names and values that are huge together',
      `GET /public/x HTTP/1.1\nHost: app.test\n${'a'.repeat(6000)}: b\nC: ${'d'.repeat(6000)}\nE: ${'f'.repeat(6000)}\n\n`,
      431,
    ],
    ['chunks on GET', 'GET /public/x HTTP/1.1\nHost: app.test\nTransfer-Encoding: chunked\n\n2\nhi\n0\n\n', 400],
    ['a body on GET', 'GET /public/x HTTP/1.1\nHost: app.test\nContent-Length: 2\n\nhi', 400],
    [
      'S11 an upgrade by POST',
      'POST /ws HTTP/1.1\nHost: app.test\nConnection: Upgrade\nUpgrade: websocket\nContent-Length: 2\n\nhi',
      400,
    ],
    ['Q07', `GET /public/x HTTP/1.1\nHost: app.test\n${'A: b\n'.repeat(120)}\n`, 431],
  ])('%s', async (_id, bytes, status) => {
    const answer = await raw(bytes);
    expect(answer.status).toBe(status);
    expect(gateway.upstream.started).toBe(0);
    expect((await gateway.send('GET', '/healthz')).status).toBe(200);
  });

  it('knows a host in any case and with its default port', async () => {
    expect((await gateway.send('GET', '/public/x', { Host: 'APP.test:443' })).status).toBe(200);
    expect(gateway.upstream.seen[0]?.headers['host']).toBe('app.test');
  });

  it('S10: never forwards an upgrade to h2c', async () => {
    const answer = await gateway.send('GET', '/public/x', {
      Connection: 'Upgrade, HTTP2-Settings, close',
      Upgrade: 'h2c',
      'HTTP2-Settings': 'AAMAAABk',
    });
    expect(answer.status).toBe(200);
    const names = Object.keys(gateway.upstream.seen[0]?.headers ?? {});
    expect(names.filter((name) => /upgrade|http2/.test(name))).toEqual([]);
  });

  it.each([
    ['W01 without a session', {}, 401],
    ['X11 with a session and a foreign origin', { Origin: 'https://evil.test' }, 403],
    ['X11 with a session and no origin', { Origin: '' }, 403],
    ['X11 with a dead session and no origin', { Origin: '', Cookie: `__Host-sallyport=${'d'.repeat(43)}` }, 403],
  ])('refuses a WebSocket handshake %s', async (name, headers, status) => {
    const { Origin: origin, ...rest }: { Origin?: string } = headers;
    const answer = await gateway.send('GET', '/ws', {
      ...(name.startsWith('W01') ? {} : cookie(alice)),
      ...rest,
      Connection: 'Upgrade, close',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
      ...(origin === undefined || origin === '' ? {} : { Origin: origin }),
    });
    expect(answer.status).toBe(status);
    expect(gateway.upstream.started).toBe(0);
  });

  it('S13: says no before "100 Continue", and yes after the decision', async () => {
    const refused = await raw(
      'POST /api/x HTTP/1.1\nHost: app.test\nExpect: 100-continue\nContent-Length: 1000000000\n\n',
    );
    expect(refused.status).toBe(401);
    expect(gateway.upstream.started).toBe(0);
    const body =
      'POST /public/x HTTP/1.1\nHost: app.test\nConnection: close\nExpect: 100-continue\nContent-Length: 2\n\nhi';
    const accepted = await raw(body);
    expect(accepted.status).toBe(100);
    expect(gateway.upstream.seen[0]?.body).toBe('hi');
  });
});

describe('headers that only the gateway may say', () => {
  it.each([
    ['F01', 'X-Forwarded-Uri', '/public/other'],
    ['F02', 'X-Original-URL', '/public'],
    ['F02', 'X-Rewrite-URL', '/public'],
    ['F02', 'X-Forwarded-Method', 'OPTIONS'],
    ['F04', 'X-Forwarded-Proto', 'javascript'],
    ['F07', 'X-Forwarded-Prefix', '/../admin'],
    ['F07', 'X-Forwarded-Port', '443@evil'],
    ['F07', 'Forwarded', 'host=evil.test'],
    ['F08', 'X-Real-IP', '10.6.6.6'],
    ['F08', 'True-Client-IP', '10.6.6.6'],
    ['F08', 'CF-Connecting-IP', '10.6.6.6'],
    ['H13', 'X-HTTP-Method-Override', 'DELETE'],
    ['H13', 'X-Method-Override', 'DELETE'],
    ['I01', 'X-Sallyport-User', 'evil'],
    ['I02', 'X_Sallyport_User', 'evil'],
    ['I04', 'x-SALLYPORT_user', 'evil'],
    ['I04', 'X-Sallyport.User', 'evil'],
    ['I02', 'Auth_orization', 'evil'],
    ['I02', 'X_Forwarded_For', '10.6.6.6'],
    ['N01', 'x-middleware-subrequest', 'middleware:middleware:middleware'],
    ['N02', 'x-nextjs-data', 'evil'],
    ['N02', 'x-invoke-path', 'evil'],
    ['N02', 'x-matched-path', 'evil'],
    ['N02', 'x-now-route-matches', 'evil'],
    ['N02', 'x-vercel-id', 'evil'],
    ['a nonce for Next.js', 'Content-Security-Policy', "script-src 'nonce-evil'"],
    ['a client certificate', 'X-SSL-Client-Cert', 'evil'],
    ['a hop-by-hop header', 'TE', 'trailers-evil'],
    ['a header that Connection names', 'X-Named', 'evil'],
  ])('%s: drops %s', async (_id, name, value) => {
    await gateway.send('GET', '/public/x', {
      [name]: value,
      'X-Kept': 'yes',
      Connection: 'close, X-Named, X-Request-Id',
    });
    const [seen] = gateway.upstream.seen;
    expect(seen?.headers['x-kept']).toBe('yes');
    expect(seen?.rawHeaders).not.toContain(value);
    expect(seen?.headers).toMatchObject({
      host: 'app.test',
      'x-forwarded-host': 'app.test',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-uri': '/public/x',
    });
    expect(seen?.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
  });

  it('does not part `next dev` from the pages that wait for it', async () => {
    await gateway.send('GET', '/public/x', { 'X-Nextjs-Request-Id': '1a2b', 'X-Nextjs-Html-Request-Id': 'page' });
    expect(gateway.upstream.seen[0]?.headers).toMatchObject({
      'x-nextjs-request-id': '1a2b',
      'x-nextjs-html-request-id': 'page',
    });
  });

  it('F01: believes none of them', async () => {
    const answer = await gateway.send('GET', '/api/x', {
      'X-Forwarded-Uri': '/public/x',
      'X-Original-URL': '/public/x',
    });
    expect(answer.status).toBe(401);
  });

  it('F05: ignores the address that a client claims, and believes a declared proxy', async () => {
    const behindProxy = await startTestGateway({ trustedProxies: ['127.0.0.0/8'] });
    try {
      await behindProxy.send('GET', '/public/x', { 'X-Forwarded-For': '10.6.6.6, 203.0.113.9, 127.0.0.1' });
      expect(behindProxy.upstream.seen[0]?.headers['x-forwarded-for']).toBe('203.0.113.9');
      const twice = await behindProxy.send('GET', '/public/x', { 'X-Forwarded-Host': 'app.test, evil.test' });
      expect(twice.status).toBe(400);
    } finally {
      await behindProxy.close();
    }
  });

  it('continues a trace, and starts one when there is none', async () => {
    const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await gateway.send('GET', '/public/x', { traceparent: parent, tracestate: 'a=1' });
    await gateway.send('GET', '/public/x', { traceparent: 'rubbish', tracestate: 'a=1' });
    const [continued, started] = gateway.upstream.seen;
    expect(continued?.headers['traceparent']).toMatch(/^00-a{32}-(?!b{16})[0-9a-f]{16}-01$/);
    expect(continued?.headers['tracestate']).toBe('a=1');
    expect(started?.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(started?.headers['tracestate']).toBeUndefined();
  });
});
