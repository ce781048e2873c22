import { X509Certificate } from 'node:crypto';
import { type Authenticator, freezePrincipal, parseClientCertHeader, readMachineTrust } from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RequestRecord } from '../record/record.ts';
import { request } from '../test-support/raw-client.ts';
import { createTestAuthority, type TestAuthority, type TestLeaf } from '../test-support/test-authority.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

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

const refusals: RequestRecord[] = [];
let root: TestAuthority;
let leaf: TestLeaf;
let behindProxy: TestGateway;
let port: number;

beforeAll(async () => {
  root = await createTestAuthority();
  leaf = await root.issue('CN=x', { uri: 'spiffe://acme/billing' });
  behindProxy = await startTestGateway({
    authenticators: [authenticator],
    machines: { publicUrl: 'https://machines.test', behindProxy: { proxies: ['127.0.0.1'] } },
    onRefusal: (record) => refusals.push(record),
    moreRoutes: [{ name: 'machines', prefix: '/machines', access: 'service', credentials: ['mtls'] }],
  });
  const revoked = await root.issue('CN=revoked');
  const trust = readMachineTrust({ ca: root.cert, crl: await root.list([revoked.serialNumber]) }, new Date());
  if (trust.kind !== 'read') throw new TypeError('no trust');
  ({ port } = await behindProxy.gateway.listenMachines({ host: '127.0.0.1', port: 0, trust: trust.trust }));
  const stranger = await (await createTestAuthority()).issue('CN=x', { uri: 'spiffe://acme/billing' });
  const server = await root.issue('CN=x', { purpose: 'server' });
  for (const { cert } of [revoked, stranger, server]) cases.push({ header: toHeader(cert) });
});
afterAll(() => behindProxy.close());
beforeEach(() => {
  refusals.length = 0;
  behindProxy.upstream.reset();
});

const cases: { readonly header: string }[] = [];
const send = (headers: Readonly<Record<string, string>>, path = '/machines/x') =>
  request(port, 'GET', path, { Host: 'machines.test', ...headers });

function toHeader(pem: string): string {
  return `:${new X509Certificate(pem).raw.toString('base64')}:`;
}

describe('Client-Cert of a declared proxy', () => {
  it('says who calls, and goes to no service', async () => {
    const answer = await send({
      'Client-Cert': toHeader(leaf.cert),
      'Client-Cert-Chain': toHeader(root.cert),
      'X-Forwarded-For': '203.0.113.7',
    });
    expect(answer.status).toBe(200);
    const [seen] = behindProxy.upstream.seen;
    expect(seen?.headers).toMatchObject({ 'x-forwarded-for': '203.0.113.7', 'x-forwarded-host': 'app.test' });
    expect(seen?.headers).not.toHaveProperty('client-cert');
    expect(seen?.headers).not.toHaveProperty('client-cert-chain');
  });

  it('is demanded with every request of a connection', async () => {
    expect((await send({ 'Client-Cert': toHeader(leaf.cert) })).status).toBe(200);
    expect((await send({})).status).toBe(401);
    expect(refusals).toMatchObject([{ reason: 'certificate-missing' }]);
  });

  it('is verified once more', async () => {
    for (const { header } of cases) expect((await send({ 'Client-Cert': header })).status).toBe(401);
    expect(refusals.map(({ reason }) => reason)).toEqual([
      'certificate-revoked',
      'certificate-unknown-authority',
      'certificate-wrong-purpose',
    ]);
  });

  it.each([
    { name: 'twice', change: (header: string) => `${header}\r\nClient-Cert: ${header}` },
    { name: 'as a list', change: (header: string) => `${header}, ${header}` },
    { name: 'with parameters', change: (header: string) => `${header};a=1` },
    { name: 'without colons', change: (header: string) => header.slice(1, -1) },
    { name: 'as a string', change: (header: string) => `"${header.slice(1, -1)}"` },
    {
      name: 'in the alphabet of addresses',
      change: (header: string) => header.replaceAll('+', '-').replaceAll('/', '_'),
    },
    { name: 'with spaces inside', change: (header: string) => header.replace(':', ': ') },
    { name: 'with something behind the certificate', change: (header: string) => append(header, 'ff') },
    { name: 'with padding that says nothing', change: (header: string) => `${header.slice(0, -1)}====:` },
    { name: 'as PEM', change: () => `:${Buffer.from(leaf.cert).toString('base64')}:` },
    { name: 'with nothing in it', change: () => '::' },
    { name: 'empty', change: () => '' },
  ])('is refused when it comes $name', async ({ change }) => {
    const answer = await send({ 'Client-Cert': change(toHeader(leaf.cert)) });
    expect(answer.status).toBe(401);
    expect(refusals[0]?.reason).toMatch(/^certificate-(?:malformed|missing)$/);
  });

  it.each(['Client_Cert', 'X-Client-Cert', 'X-SSL-Client-Cert', 'X-Forwarded-Client-Cert', 'Client-Cert-Chain'])(
    'is not read from %s',
    async (name) => {
      expect((await send({ [name]: toHeader(leaf.cert) })).status).toBe(401);
      expect(refusals).toMatchObject([{ reason: 'certificate-missing' }]);
    },
  );

  it('counts at no other listener', async () => {
    const header = { 'Client-Cert': toHeader(leaf.cert) };
    expect((await behindProxy.send('GET', '/machines/x', header)).status).toBe(401);
    expect((await behindProxy.send('GET', '/public/x', header)).status).toBe(200);
    expect(behindProxy.upstream.seen[0]?.headers).not.toHaveProperty('client-cert');
    const inside = await request(behindProxy.internalPort, 'GET', '/machines/x', {
      ...header,
      Host: `127.0.0.1:${behindProxy.internalPort}`,
    });
    expect(inside.status).toBe(401);
  });
});

describe('the value of Client-Cert', () => {
  it('is not read when it is larger than any certificate', () => {
    expect(parseClientCertHeader(`:${'A'.repeat(20_000)}:`)).toBeUndefined();
  });

  it('is not read when it is mostly spaces, and that takes no time', () => {
    const begun = performance.now();
    for (let time = 0; time < 20; time++) expect(parseClientCertHeader(`:${' '.repeat(16_000)}:`)).toBeUndefined();
    // In front of each space all that follow were looked at: seconds.
    expect(performance.now() - begun).toBeLessThan(500);
  });

  it('may have spaces around it', () => {
    expect(parseClientCertHeader(`  ${toHeader(leaf.cert)} `)?.raw).toEqual(new X509Certificate(leaf.cert).raw);
  });
});

function append(header: string, hex: string): string {
  const bytes = Buffer.concat([Buffer.from(header.slice(1, -1), 'base64'), Buffer.from(hex, 'hex')]);
  return `:${bytes.toString('base64')}:`;
}
