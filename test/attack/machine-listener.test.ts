import { connect } from 'node:tls';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { freezePrincipal, readMachineTrust, type Authenticator } from '@sallyport/core';
import {
  createTestAuthority,
  startTestGateway,
  type TestGateway,
  type TestLeaf,
} from '@sallyport/gateway/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findProgram } from '../transport/find-program.ts';

/* Hostile requests of a machine with a good certificate, and of one without, at the listener for machines. */

const authenticator: Authenticator = {
  kind: 'mtls',
  recognize: () => undefined,
  authenticate: (name) => {
    const principal = freezePrincipal({
      kind: 'service',
      id: name,
      roles: [],
      permissions: [],
      acr: 'pwd',
      amr: [],
      authTime: new Date(0),
      credential: 'mtls',
      generation: { session: 1, user: 1, policy: 1 },
    });
    return { kind: 'authenticated', caller: { principal, credentialId: name, endedBy: [] } };
  },
  recheck: async () => null,
};

const openssl = findProgram('openssl');
let gateway: TestGateway;
let billing: TestLeaf;
let server: TestLeaf;
let port: number;
let publicPort: number;
let host: string;

beforeAll(async () => {
  const root = await createTestAuthority();
  server = await root.issue('CN=app.test', { dns: ['app.test', 'localhost'], purpose: 'server' });
  billing = await root.issue('CN=x', { uri: 'spiffe://acme/billing' });
  gateway = await startTestGateway({
    authenticators: [authenticator],
    machines: {},
    moreRoutes: [{ name: 'machines', prefix: '/machines', access: 'service', credentials: ['mtls'] }],
  });
  const outcome = readMachineTrust({ ca: root.cert }, new Date());
  if (outcome.kind !== 'read') throw new TypeError('no trust');
  const address = { host: '127.0.0.1', port: 0, tls: server };
  ({ port } = await gateway.gateway.listenMachines({ ...address, trust: outcome.trust }));
  ({ port: publicPort } = await gateway.gateway.listen(address));
  host = `Host: localhost:${port}`;
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

/** Writes bytes over TLS, and reads until the other side closes or says nothing for a while. */
function send(bytes: string, leaf?: TestLeaf, to = port): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port: to, rejectUnauthorized: false, ...leaf }, () => {
      socket.write(bytes, 'latin1');
    });
    socket.setTimeout(400, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

const request = (line: string, ...headers: readonly string[]): string =>
  [`${line} HTTP/1.1`, host, 'Connection: close', ...headers, '', ''].join('\r\n');
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

describe('a machine with a certificate', () => {
  it('gets through with a plain request', async () => {
    expect(statusOf(await send(request('GET /machines/x'), billing))).toBe(200);
  });

  it.each([
    { name: 'two lengths', bytes: () => request('POST /machines/x', 'Content-Length: 1', 'Content-Length: 2') },
    {
      name: 'a length and chunks',
      bytes: () => `${request('POST /machines/x', 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    },
    { name: 'an unknown coding', bytes: () => request('POST /machines/x', 'Transfer-Encoding: xchunked') },
    { name: 'two hosts', bytes: () => request('GET /machines/x', 'Host: app.test') },
    { name: 'a host of others', bytes: () => request('GET /machines/x').replace(host, 'Host: evil.test') },
    { name: 'the host of browsers', bytes: () => request('GET /machines/x').replace(host, 'Host: app.test') },
    { name: 'dots in the path', bytes: () => request('GET /public/../machines/x') },
    { name: 'encoded dots', bytes: () => request('GET /machines/%2e%2e/admin/x') },
    { name: 'an encoded slash', bytes: () => request('GET /machines%2fx') },
    { name: 'parameters in the path', bytes: () => request('GET /machines;x/../admin') },
    { name: 'a whole address', bytes: () => request('GET http://app.test/machines/x') },
    { name: 'CONNECT', bytes: () => request('CONNECT app.test:443') },
    { name: 'TRACE', bytes: () => request('TRACE /machines/x') },
    { name: 'a session cookie', bytes: () => request('GET /machines/x', 'Cookie: __Host-sallyport=x') },
    { name: 'a token', bytes: () => request('GET /machines/x', 'Authorization: Bearer a.b.c') },
    { name: 'a page of another site', bytes: () => request('POST /machines/x', 'Origin: https://evil.test') },
    { name: 'a page of this site', bytes: () => request('POST /machines/x', 'Origin: https://app.test') },
    { name: 'a navigation', bytes: () => request('GET /machines/x', 'Sec-Fetch-Site: cross-site') },
    {
      name: 'a preflight',
      bytes: () => request('OPTIONS /machines/x', 'Origin: https://a.test', 'Access-Control-Request-Method: GET'),
    },
    {
      name: 'a WebSocket',
      bytes: () =>
        request(
          'GET /machines/x',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ).replace('close', 'Upgrade'),
    },
    { name: 'a page', bytes: () => request('GET /admin/x') },
    { name: 'a route of sessions', bytes: () => request('GET /api/x') },
  ])('reaches no service with $name', async ({ bytes }) => {
    const answer = await send(bytes(), billing);
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
    expect(statusOf(answer)).toBeLessThanOrEqual(501);
    expect(answer).not.toMatch(/location:|set-cookie:/i);
    expect(gateway.upstream.started).toBe(0);
  });

  it.each([
    'Client-Cert: :AAAA:',
    'Client_Cert: :AAAA:',
    'X-Client-Cert: x',
    'X-Forwarded-Client-Cert: By=spiffe://acme/admin',
    'X-SSL-Client-Verify: SUCCESS',
    'SSL-Client-S-DN: CN=admin',
    'X-Sallyport-Subject: admin',
    'X-Forwarded-For: 10.0.0.1',
    'X-User: admin',
  ])('is who its certificate says, whatever it writes into %s', async (header) => {
    expect(statusOf(await send(request('GET /machines/x', header), billing))).toBe(200);
    const [name = ''] = header.split(':');
    const [seen] = gateway.upstream.seen;
    if (name === 'X-Forwarded-For') expect(seen?.headers['x-forwarded-for']).toBe('127.0.0.1');
    else expect(seen?.headers).not.toHaveProperty(name.toLowerCase());
    const claims = Buffer.from(String(seen?.headers['authorization']).split('.')[1] ?? '', 'base64url').toString();
    expect(JSON.parse(claims)).toMatchObject({ sub: 'spiffe://acme/billing' });
  });

  it('has no request smuggled behind a refused one', async () => {
    const inner = request('GET /machines/smuggled');
    await send(
      `${request('POST /machines/x', `Content-Length: ${inner.length}`, 'Cookie: __Host-sallyport=x')}${inner}`,
      billing,
    );
    expect(gateway.upstream.started).toBe(0);
  });
});

describe('a machine without a certificate', () => {
  it.each(['/machines/x', '/public/x', '/', '/.well-known/jwks.json', '/oauth2/token'])(
    'is let through to nothing at %s',
    async (path) => {
      for (const method of ['GET', 'POST', 'OPTIONS'])
        expect(statusOf(await send(request(`${method} ${path}`)))).toBe(401);
      expect(gateway.upstream.started).toBe(0);
    },
  );

  it('that speaks plain http is told so, and no more', async () => {
    const { status } = await fetch(`http://127.0.0.1:${port}/machines/x`);
    expect(status).toBe(400);
    expect(gateway.upstream.started).toBe(0);
  });
});

describe.skipIf(openssl === undefined)('what openssl sees (skipped without it)', () => {
  const handshake = async (to: number): Promise<string> => {
    const work = promisify(execFile)(openssl ?? '', [
      's_client',
      '-connect',
      `127.0.0.1:${to}`,
      '-servername',
      'app.test',
    ]);
    work.child.stdin?.end();
    return (await work).stdout;
  };

  it('is a request for a certificate at the listener for machines, and none at the public one', async () => {
    expect(await handshake(port)).toMatch(/Acceptable client certificate CA names/);
    expect(await handshake(publicPort)).toMatch(/No client certificate CA names sent/);
    expect(statusOf(await send(request('GET /machines/x').replace(host, 'Host: app.test'), billing, publicPort))).toBe(
      401,
    );
  });
});
