import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import type { INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { applySallyportSwagger } from '../swagger.ts';
import { listServiceRoutes } from '../access/route-table.ts';
import {
  bearer,
  callPlainly,
  createCaller,
  folder,
  issuer,
  lines,
  OrdersController,
  otherService,
  startOrders,
  writeTestFile,
} from './certificate-service.test-support.ts';

const billingId = 'spiffe://acme/billing';
let authority: TestAuthority;
let stranger: TestAuthority;
let server: TestCertificate;
let billing: TestCertificate;
let gateway: TestCertificate;
let caFile: string;
const apps: INestApplication[] = [];

beforeAll(async () => {
  [authority, stranger] = [await createTestAuthority(), await createTestAuthority({ name: 'Stranger' })];
  [server, billing, gateway] = await Promise.all([
    authority.issue(),
    authority.issue({ spiffeId: billingId }),
    authority.issue({ spiffeId: 'spiffe://acme/gateway' }),
  ]);
  caFile = writeTestFile('ca.pem', authority.ca);
});
afterAll(async () => {
  for (const app of apps) await app.close();
  rmSync(folder, { recursive: true });
});

const callers = {
  [billingId]: { id: 'billing', permissions: ['order:read'] },
  'cn=reports, O=Acme': { id: 'reports' },
};

describe.each(['Express', 'Fastify'] as const)('a service of %s that asks for certificates', (platform) => {
  let call: ReturnType<typeof createCaller>;
  let port: number;
  beforeAll(async () => {
    const crlFile = writeTestFile(`${platform}.crl`, await authority.crl());
    const tls = { ...server, ca: authority.ca };
    // The files are looked at every ten seconds.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const started = await startOrders({ platform, tls, certificates: { caFile, crlFile, callers } });
    apps.push(started.app);
    ({ port } = started);
    call = createCaller(port, authority);
  });
  afterAll(() => vi.useRealTimers());

  it('takes a certificate alone for the caller that it is mapped to', async () => {
    expect(await call('/alone', billing)).toMatchObject({
      status: 200,
      body: { id: 'billing', kind: 'service', credential: 'mtls', certificate: billingId },
    });
    const reports = await authority.issue({ subject: 'O=Acme,CN=reports' });
    expect((await call('/alone', reports)).body).toMatchObject({ id: 'reports', certificate: 'CN=reports,O=Acme' });
  });

  it('gives the caller the permissions of the map and no others', async () => {
    expect(await call('/alone/refund', billing)).toMatchObject({ status: 403, reason: 'permission-missing' });
  });

  it('takes a token over the connection that it is bound to', async () => {
    const token = issuer.issueToken({ id: 'ada', certificate: gateway.cert });
    const told = { status: 200, body: { id: 'ada', kind: 'user', credential: 'session' } };
    expect(await call('/both', gateway, bearer(token))).toMatchObject(told);
    expect(await call('/token', gateway, bearer(token))).toMatchObject(told);
    // Remembered by now, and checked all the same.
    expect(await call('/token', billing, bearer(token))).toMatchObject({
      status: 401,
      reason: 'token-of-another-certificate',
    });
  });

  it('takes an unbound token as ever where the handler asks for no certificate', async () => {
    expect(await call('/token', undefined, bearer(issuer.issueToken({ id: 'ada' })))).toMatchObject({
      status: 200,
      body: { id: 'ada' },
    });
    expect(
      (await call('/token', undefined, bearer(issuer.issueToken({ id: 'ada' })))).body.certificate,
    ).toBeUndefined();
  });

  it.each<[string, () => Promise<TestCertificate | undefined> | TestCertificate | undefined, string]>([
    ['none', () => undefined, 'certificate-missing'],
    ['one of another authority', () => stranger.issue({ spiffeId: billingId }), 'certificate-unknown-authority'],
    ['one that expired', () => authority.issue({ spiffeId: billingId, expiresInSeconds: -1 }), 'certificate-expired'],
    [
      'one for servers',
      () => authority.issue({ spiffeId: billingId, usages: ['server'] }),
      'certificate-wrong-purpose',
    ],
    ['one that is not mapped', () => authority.issue({ spiffeId: 'spiffe://acme/other' }), 'certificate-not-mapped'],
    [
      'one with two URIs, whatever its subject',
      () => authority.issue({ subject: 'CN=reports,O=Acme', spiffeId: billingId, uris: ['spiffe://acme/admin'] }),
      'certificate-name-ambiguous',
    ],
    ['one in another spelling', () => authority.issue({ subject: 'CN=Reports,O=Acme' }), 'certificate-not-mapped'],
    ['one of a host of that name', () => authority.issue({ dnsNames: ['billing'] }), 'certificate-not-mapped'],
  ])('refuses with 401 where a certificate says who calls: %s', async (_, make, reason) => {
    expect(await call('/alone', await make())).toMatchObject({ status: 401, reason });
  });

  it.each<[string, () => string, () => TestCertificate | undefined, string]>([
    ['a token alone', () => issuer.issueToken({ certificate: gateway.cert }), () => undefined, 'certificate-missing'],
    ['an unbound token', () => issuer.issueToken(), () => gateway, 'token-not-bound'],
    ['an unbound token alone', () => issuer.issueToken(), () => undefined, 'certificate-missing'],
    [
      'a token of another certificate',
      () => issuer.issueToken({ certificate: gateway.cert }),
      () => billing,
      'token-of-another-certificate',
    ],
    [
      'a token of another service',
      () => otherService.issueToken({ certificate: gateway.cert }),
      () => gateway,
      'made-for-another-audience',
    ],
    [
      'a token with a confirmation of another kind',
      () => issuer.sign({ cnf: { jkt: 'x'.repeat(43) } }),
      () => gateway,
      'not-a-token-of-the-gateway',
    ],
    [
      'an expired token',
      () => issuer.issueToken({ certificate: gateway.cert, expiresInSeconds: -60 }),
      () => gateway,
      '',
    ],
  ])('refuses with 401 where both are asked for: %s', async (_, token, own, reason) => {
    const answer = await call('/both', own(), bearer(token()));
    expect(answer.status).toBe(401);
    if (reason !== '') expect(answer.reason).toBe(reason);
  });

  it('refuses a certificate alone where both are asked for, and a token beside one that says who calls', async () => {
    expect(await call('/both', gateway)).toMatchObject({ status: 401, reason: 'no-token' });
    const answer = await call('/alone', billing, bearer(issuer.issueToken()));
    expect(answer).toMatchObject({ body: { code: 'SP_CREDENTIALS_CONFLICT' } });
    expect(answer.status).toBe(400);
  });

  it('makes no one of a bound token over another connection where a handler is public', async () => {
    const token = issuer.issueToken({ certificate: gateway.cert });
    expect((await call('/open', gateway, bearer(token))).body).toEqual({ kind: 'user' });
    expect((await call('/open', billing, bearer(token))).body).toEqual({ kind: 'anonymous' });
  });

  it('does not read Client-Cert of a caller of its own', async () => {
    const header = clientCert(billing);
    expect(await call('/alone', undefined, header)).toMatchObject({
      status: 401,
      reason: 'client-cert-from-undeclared-address',
    });
    const other = await authority.issue({ spiffeId: 'spiffe://acme/other' });
    expect(await call('/alone', other, header)).toMatchObject({ status: 401, reason: 'certificate-not-mapped' });
  });

  it('refuses a revoked certificate on open connections and resumed sessions, as soon as the list says so', async () => {
    const own = await authority.issue({ spiffeId: billingId });
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ...own, ca: authority.ca, servername: 'localhost' });
    const keptCall = () => call('/alone', undefined, {}, { agent, servername: 'localhost' } as never);
    expect((await keptCall()).status).toBe(200);
    const session = await sessionOf(own);
    // Without the certificate itself: it is that of the session.
    const resumedCall = () => call('/alone', undefined, {}, { session });
    expect(await resumedCall()).toMatchObject({ status: 200, body: { id: 'billing' } });

    authority.revoke(own);
    writeTestFile(`${platform}.crl`, await authority.crl());
    expect((await keptCall()).status).toBe(200);
    vi.advanceTimersByTime(10_000);
    expect(lines).toContainEqual({ event: 'certificate-trust-replaced' });
    const refused = { status: 401, reason: 'certificate-revoked' };
    expect(await keptCall()).toMatchObject(refused);
    expect(await resumedCall()).toMatchObject(refused);
    expect(await call('/alone', own)).toMatchObject(refused);
    expect((await call('/alone', billing)).status).toBe(200);

    writeTestFile(`${platform}.crl`, 'damaged');
    vi.advanceTimersByTime(10_000);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'certificate-trust-rejected' }));
    expect(await call('/alone', own)).toMatchObject(refused);
    agent.destroy();
  });

  /** A session of TLS 1.3, as a client keeps it to show no certificate the next time. */
  async function sessionOf(own: TestCertificate): Promise<Buffer> {
    const socket: TLSSocket = connect({ port, ...own, ca: authority.ca, servername: 'localhost' });
    const [session] = (await once(socket, 'session')) as [Buffer];
    socket.destroy();
    return session;
  }
});

describe('a service that takes tokens of the gateway alone', () => {
  it('refuses them over every other connection, at every handler', async () => {
    const certificates = { caFile, callers, tokensFrom: ['spiffe://acme/gateway'] };
    const { app, port } = await startOrders({ tls: { ...server, ca: authority.ca }, certificates });
    apps.push(app);
    const call = createCaller(port, authority);
    const token = bearer(issuer.issueToken({ id: 'ada' }));
    for (const path of ['/token', '/both']) {
      expect(await call(path, gateway, token)).toMatchObject({ status: 200, body: { id: 'ada' } });
      expect(await call(path, billing, token)).toMatchObject({ status: 401, reason: 'certificate-not-of-a-gateway' });
      expect(await call(path, undefined, token)).toMatchObject({ status: 401, reason: 'certificate-missing' });
      const forged = await stranger.issue({ spiffeId: 'spiffe://acme/gateway' });
      expect(await call(path, forged, token)).toMatchObject({ status: 401, reason: 'certificate-unknown-authority' });
    }
    expect((await call('/alone', billing)).body).toMatchObject({ id: 'billing' });
    expect((await call('/open', billing, token)).body).toEqual({ kind: 'anonymous' });
  });
});

describe('a service behind a proxy', () => {
  it('believes Client-Cert of the declared address alone, and verifies it', async () => {
    const certificates = { caFile, callers, behindProxy: ['127.0.0.2'] };
    const { app, port } = await startOrders({ certificates });
    apps.push(app);
    const call = (headers: Record<string, string | string[]>, from = '127.0.0.2') =>
      callPlainly(port, '/alone', headers, from);
    expect(await call(clientCert(billing))).toMatchObject({ status: 200, body: { id: 'billing' } });
    expect(await call(clientCert(billing), '127.0.0.1')).toMatchObject({
      status: 401,
      reason: 'client-cert-from-undeclared-address',
    });
    expect(await call({})).toMatchObject({ status: 401, reason: 'certificate-missing' });
    expect(await call(clientCert(await stranger.issue({ spiffeId: billingId })))).toMatchObject({
      reason: 'certificate-unknown-authority',
    });
    expect(await call(clientCert(await authority.issue({ spiffeId: billingId, expiresInSeconds: -1 })))).toMatchObject({
      reason: 'certificate-expired',
    });
    const { 'client-cert': value } = clientCert(billing);
    for (const malformed of [
      value.slice(1),
      `${value}, ${value}`,
      `${value};a=1`,
      ':AAAA:',
      billing.cert.replaceAll('\n', ''),
    ])
      expect(await call({ 'client-cert': malformed })).toMatchObject({ status: 401, reason: 'certificate-malformed' });
    expect(await call({ 'client-cert': [value, value] })).toMatchObject({
      status: 401,
      reason: 'certificate-malformed',
    });
  });
});

describe('a service that looks at no certificates', () => {
  it('does not start with handlers that ask for one', async () => {
    await expect(startOrders({ certificates: undefined })).rejects.toThrow(
      /OrdersController\.alone has @MutualTls.*give SallyportModule certificates/,
    );
  });

  it('does not start with a server that asks for none', async () => {
    await expect(startOrders({ certificates: { caFile, callers } })).rejects.toThrow(/requestCert: true/);
    const tls = { ...server, ca: authority.ca, requestCert: false };
    await expect(startOrders({ tls, certificates: { caFile, callers } })).rejects.toThrow(/requestCert: true/);
  });

  it('does not start where handlers go by certificates and none is known', async () => {
    const started = startOrders({ tls: { ...server, ca: authority.ca }, certificates: { caFile } });
    await expect(started).rejects.toThrow(/OrdersController\.alone.*give certificates callers/);
  });

  it.each([
    ['without authorities', () => ({ caFile: `${folder}/none.pem` }), /caFile names a file that cannot be read/],
    ['with a leaf as authority', () => ({ caFile: writeTestFile('leaf.pem', billing.cert) }), /caFile holds/],
    ['with a damaged list', () => ({ caFile, crlFile: writeTestFile('no.crl', 'x') }), /crlFile holds no list/],
    [
      'with a caller without an id',
      () => ({ caFile, callers: { [billingId]: {} } as never }),
      /callers must be such as/,
    ],
    ['with a name that is none', () => ({ caFile, callers: { billing: { id: 'billing' } } }), /neither a SPIFFE id/],
    [
      'with one name twice',
      () => ({ caFile, callers: { 'CN=a,O=b': { id: 'a' }, 'cn=a, O=b': { id: 'b' } } }),
      /names one certificate twice/,
    ],
    ['with everyone as proxy', () => ({ caFile, behindProxy: ['0.0.0.0/0'] }), /never everyone/],
    ['with a proxy that is no address', () => ({ caFile, behindProxy: ['proxy.local'] }), /list of addresses/],
    ['with an unknown option', () => ({ caFile, ca: 'x' }) as never, /members that are not options/],
  ])('does not start %s', async (_, certificates, says) => {
    await expect(startOrders({ tls: { ...server, ca: authority.ca }, certificates: certificates() })).rejects.toThrow(
      says,
    );
  });
});

describe('the OpenAPI document', () => {
  it('names a certificate alone, and a certificate and a token together', () => {
    const [app] = apps;
    const document = app === undefined ? {} : applySallyportSwagger(app, {});
    expect(document).toMatchObject({
      components: { securitySchemes: { sallyportCertificate: { type: 'mutualTLS' } } },
    });
    const securityOf = (name: 'alone' | 'both' | 'token'): unknown =>
      Reflect.getMetadata('swagger/apiSecurity', OrdersController.prototype[name]);
    expect(securityOf('alone')).toEqual([{ sallyportCertificate: [] }]);
    expect(securityOf('both')).toEqual([{ sallyport: [], sallyportCertificate: [] }]);
    expect(securityOf('token')).toEqual([{ sallyport: [] }]);
  });
});

describe('the list of routes', () => {
  it('says which handlers ask for a certificate', () => {
    const [app] = apps;
    const routes = app === undefined ? [] : listServiceRoutes(app);
    expect(routes.map(({ route, mutualTls }) => [route, mutualTls])).toEqual([
      ['GET /alone', 'alone'],
      ['GET /alone/refund', 'alone'],
      ['GET /both', 'with-token'],
      ['GET /open', undefined],
      ['GET /token', undefined],
    ]);
  });
});

function clientCert({ cert }: TestCertificate): { 'client-cert': string } {
  return { 'client-cert': `:${cert.replaceAll(/-----[^-]+-----|\s/g, '')}:` };
}
