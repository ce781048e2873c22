import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { type Authenticator, freezePrincipal, type MachineTrust, readMachineTrust } from '@sallyport/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RequestRecord } from '../record/record.ts';
import { createMachineClient, shakeHands, type MachineClient } from '../test-support/machine-client.ts';
import { createTestAuthority, daysFromNow, type TestAuthority, type TestLeaf } from '../test-support/test-authority.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const accounts = new Map([
  ['spiffe://acme/billing', 'billing'],
  ['CN=reports,O=Acme', 'reports'],
]);

/** As that of service accounts, over a map. */
const authenticator: Authenticator = {
  kind: 'mtls',
  recognize: () => undefined,
  alwaysReadsStore: true,
  authenticate: (name) => {
    const id = accounts.get(name);
    if (id === undefined) return { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'certificate-not-mapped' };
    const principal = freezePrincipal({
      kind: 'service',
      id,
      roles: [],
      permissions: ['product:read'],
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
let time = Date.now();
let root: TestAuthority;
let gateway: TestGateway;
let server: TestLeaf;
let billing: TestLeaf;
let port: number;
const clients: MachineClient[] = [];

beforeAll(async () => {
  root = await createTestAuthority();
  server = await root.issue('CN=app.test', { dns: ['app.test', 'localhost'], purpose: 'server' });
  billing = await root.issue('CN=whatever', { uri: 'spiffe://acme/billing' });
  gateway = await startTestGateway({
    now: () => new Date(time),
    authenticators: [authenticator],
    machines: {},
    onRefusal: (record) => refusals.push(record),
    moreRoutes: [
      { name: 'machines', prefix: '/machines', access: 'service', credentials: ['mtls'], permissions: ['product:*'] },
      { name: 'both', prefix: '/both', credentials: ['session', 'mtls'] },
    ],
    mounts: [
      {
        name: 'shown',
        prefix: '/shown',
        access: 'public',
        slide: false,
        machines: true,
        handle: (_, response, { certificate }) => void response.end(JSON.stringify(certificate)),
      },
      { name: 'auth', prefix: '/auth', access: 'public', slide: false, handle: (_, response) => void response.end() },
    ],
  });
  ({ port } = await gateway.gateway.listenMachines({
    host: '127.0.0.1',
    port: 0,
    tls: server,
    trust: await trust(await root.list([])),
  }));
});
afterAll(() => gateway.close());
beforeEach(async () => {
  time = Date.now();
  gateway.gateway.replaceMachines({ trust: await trust(await root.list([])) });
  gateway.upstream.reset();
  refusals.length = 0;
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function trust(crl?: string, ca = root.cert): Promise<MachineTrust> {
  const outcome = readMachineTrust({ ca, ...(crl === undefined ? {} : { crl }) }, new Date());
  if (outcome.kind === 'refused') throw new TypeError(JSON.stringify(outcome.problems));
  return outcome.trust;
}

function clientOf(leaf?: Pick<TestLeaf, 'cert' | 'key'>, host?: string): MachineClient {
  const client = createMachineClient(port, leaf ?? {}, host);
  clients.push(client);
  return client;
}

describe('the listener for machines', () => {
  it('knows a machine by its SPIFFE id, and tells the service who calls', async () => {
    const answer = await clientOf(billing).get('/machines/x');
    expect(answer.status).toBe(200);
    const [seen] = gateway.upstream.seen;
    expect(claimsOf(String(seen?.headers['authorization']))).toMatchObject({
      sub: 'billing',
      sub_type: 'service',
      cred: 'mtls',
      scope: 'product:read',
    });
    expect(refusals).toEqual([]);
  });

  it('knows a machine without one by its subject', async () => {
    const reports = await root.issue('O=Acme, CN=reports');
    expect((await clientOf(reports).get('/machines/x')).status).toBe(200);
    expect(claimsOf(String(gateway.upstream.seen[0]?.headers['authorization']))).toMatchObject({ sub: 'reports' });
  });

  it('makes no token that outlives a certificate, also after one for another certificate of that name', async () => {
    const end = new Date(Math.floor(Date.now() / 1000) * 1000 + 20_000);
    const short = await root.issue('CN=x', { uri: 'spiffe://acme/billing', until: end });
    for (const leaf of [billing, short, billing]) expect((await clientOf(leaf).get('/machines/x')).status).toBe(200);
    const ends = gateway.upstream.seen.map(({ headers }) => claimsOf(String(headers['authorization'])));
    expect(ends).toMatchObject([{ sub: 'billing' }, { exp: end.getTime() / 1000 }, { sub: 'billing' }]);
  });

  it('takes a certificate with authorities between it and the root', async () => {
    const between = await root.below('CN=Between');
    const leaf = await between.issue('CN=x', { uri: 'spiffe://acme/billing' });
    const lists = `${await root.list([])}${await between.list([])}`;
    gateway.gateway.replaceMachines({ trust: await trust(lists, `${root.cert}\n${between.cert}`) });
    expect((await clientOf(leaf).get('/machines/x')).status).toBe(200);
    // What is not trusted by name counts as little when it is sent along.
    gateway.gateway.replaceMachines({ trust: await trust() });
    const sent = { ...leaf, cert: `${leaf.cert}\n${between.cert}` };
    expect((await clientOf(sent).get('/machines/x')).status).toBe(401);
    expect(refusals).toMatchObject([{ reason: 'certificate-unknown-authority' }]);
  });

  it('gives mounts a certificate that names no service, by which clients may have other names', async () => {
    const nameless = await root.issue('', { dns: ['client.test'] });
    const shown = JSON.parse((await clientOf(nameless).get('/shown')).body) as unknown;
    expect(shown).toMatchObject({ subject: '', dnsNames: ['client.test'] });
  });

  it('gives mounts the certificate, and serves those for people nowhere', async () => {
    const shown = JSON.parse((await clientOf(billing).get('/shown')).body) as unknown;
    expect(shown).toMatchObject({ spiffeId: 'spiffe://acme/billing', subject: 'CN=whatever' });
    await clientOf(billing).get('/auth/session');
    expect(refusals.at(-1)).toMatchObject({ listener: 'machine', route: 'shell' });
  });

  it.each([
    { reason: 'certificate-missing', make: async () => undefined },
    {
      reason: 'certificate-unknown-authority',
      make: async () => (await createTestAuthority()).issue('CN=x', { uri: 'spiffe://acme/billing' }),
    },
    {
      reason: 'certificate-expired',
      make: () => root.issue('CN=x', { uri: 'spiffe://acme/billing', from: daysFromNow(-9), until: daysFromNow(-1) }),
    },
    {
      reason: 'certificate-not-yet-valid',
      make: () => root.issue('CN=x', { uri: 'spiffe://acme/billing', from: daysFromNow(1) }),
    },
    {
      reason: 'certificate-wrong-purpose',
      make: () => root.issue('CN=x', { uri: 'spiffe://acme/billing', purpose: 'server' }),
    },
    {
      reason: 'certificate-wrong-purpose',
      make: () => root.issue('CN=x', { uri: 'spiffe://acme/billing', isAuthority: true }),
    },
    { reason: 'certificate-not-mapped', make: () => root.issue('CN=x', { uri: 'spiffe://acme/stranger' }) },
    // Known by its SPIFFE id alone, whatever its subject says.
    { reason: 'certificate-not-mapped', make: () => root.issue('O=Acme, CN=reports', { uri: 'spiffe://acme/other' }) },
    { reason: 'certificate-without-name', make: () => root.issue('', { dns: ['x.test'] }) },
    // An authority vouches for what it puts into an id, and for no subject beside it.
    {
      reason: 'certificate-name-ambiguous',
      make: () => root.issue('O=Acme, CN=reports', { uri: 'spiffe://acme/billing?x' }),
    },
    {
      reason: 'certificate-name-ambiguous',
      make: () =>
        root.issue('O=Acme, CN=reports', {
          extensions: [
            new x509.SubjectAlternativeNameExtension([
              { type: 'url', value: 'spiffe://acme/billing' },
              { type: 'url', value: 'spiffe://acme/other' },
            ]),
          ],
        }),
    },
  ])('refuses with $reason, and says so in the record alone', async ({ reason, make }) => {
    const answer = await clientOf(await make()).get('/machines/x');
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_UNAUTHENTICATED' });
    expect(answer.body).not.toContain(reason);
    expect(refusals).toMatchObject([{ listener: 'machine', code: 'SP_UNAUTHENTICATED', reason }]);
    expect(gateway.upstream.started).toBe(0);
  });

  it('refuses a revoked certificate at the handshake', async () => {
    const leaf = await root.issue('CN=x', { uri: 'spiffe://acme/billing' });
    gateway.gateway.replaceMachines({ trust: await trust(await root.list([leaf.serialNumber])) });
    expect((await clientOf(leaf).get('/machines/x')).status).toBe(401);
    expect(refusals).toMatchObject([{ reason: 'certificate-revoked' }]);
  });

  it('refuses a certificate of a revoked authority', async () => {
    const between = await root.below('CN=Between');
    const leaf = await between.issue('CN=x', { uri: 'spiffe://acme/billing' });
    const lists = `${await root.list([between.serialNumber])}${await between.list([])}`;
    gateway.gateway.replaceMachines({ trust: await trust(lists, `${root.cert}\n${between.cert}`) });
    expect((await clientOf(leaf).get('/machines/x')).status).toBe(401);
    expect(refusals).toMatchObject([{ reason: 'certificate-revoked' }]);
  });

  it('cuts the open connection of a certificate that is revoked, and leaves the others', async () => {
    const leaf = await root.issue('CN=x', { uri: 'spiffe://acme/billing' });
    const [revoked, other] = [clientOf(leaf), clientOf(billing)];
    await Promise.all([revoked.get('/machines/x'), other.get('/machines/x')]);
    gateway.gateway.replaceMachines({ tls: server, trust: await trust(await root.list([leaf.serialNumber])) });
    expect(await other.get('/machines/x')).toMatchObject({ status: 200, isReused: true });
    const answer = await revoked.get('/machines/x').catch(() => revoked.get('/machines/x'));
    expect(answer).toMatchObject({ status: 401, isReused: false });
  });

  it('cuts an answer short that is still coming when its certificate is revoked', async () => {
    const leaf = await root.issue('CN=x', { uri: 'spiffe://acme/billing' });
    gateway.upstream.answer = (_, response) => void response.writeHead(200).write('first');
    const answer = clientOf(leaf)
      .get('/machines/x')
      .then(
        () => 'whole',
        () => 'cut',
      );
    await expect.poll(() => gateway.upstream.started).toBe(1);
    gateway.gateway.replaceMachines({ trust: await trust(await root.list([leaf.serialNumber])) });
    expect(await answer).toBe('cut');
  });

  it('asks each request on a connection again, also by the clock', async () => {
    const client = clientOf(billing);
    expect(await client.get('/machines/x')).toMatchObject({ status: 200 });
    time = daysFromNow(31).getTime();
    expect(await client.get('/machines/x')).toMatchObject({ status: 401, isReused: true });
    expect(refusals).toMatchObject([{ reason: 'certificate-expired' }]);
  });

  it('refuses when the list has run out: what it would say is not known', async () => {
    const client = clientOf(billing);
    expect(await client.get('/machines/x')).toMatchObject({ status: 200 });
    time = daysFromNow(8).getTime();
    expect(await client.get('/machines/x')).toMatchObject({ status: 401, isReused: true });
    expect(refusals).toMatchObject([{ reason: 'certificate-revocation-unknown' }]);
  });

  it('ends the belief in an authority that was taken out, on open connections as well', async () => {
    const client = clientOf(billing);
    await client.get('/machines/x');
    gateway.gateway.replaceMachines({ trust: await trust(undefined, (await createTestAuthority('CN=New')).cert) });
    // The client may not have heard yet that its connection is gone.
    const answer = await client.get('/machines/x').catch(() => client.get('/machines/x'));
    expect(answer).toMatchObject({ status: 401, isReused: false });
    expect(refusals).toMatchObject([{ reason: 'certificate-unknown-authority' }]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('never resumes a session with %s', async (version) => {
    const tls = { ...billing, minVersion: version, maxVersion: version };
    const first = await shakeHands(port, tls);
    const { session } = first;
    const again = await shakeHands(port, session === undefined ? tls : { ...tls, session });
    expect(again.isReused).toBe(false);
  });

  it.each([
    { name: 'a session cookie', headers: { Cookie: '__Host-sallyport=x' }, code: 'SP_CREDENTIALS_CONFLICT' },
    { name: 'a bearer token', headers: { Authorization: 'Bearer x' }, code: 'SP_CREDENTIALS_CONFLICT' },
    { name: 'an Origin', headers: { Origin: 'https://app.test' }, code: 'SP_CROSS_SITE_REQUEST' },
    { name: 'the word of a browser', headers: { 'Sec-Fetch-Site': 'none' }, code: 'SP_CROSS_SITE_REQUEST' },
    { name: 'another host', headers: { Host: 'evil.test' }, code: 'SP_HOST_UNKNOWN' },
    { name: 'the host of browsers', headers: { Host: 'app.test' }, code: 'SP_HOST_UNKNOWN' },
  ])('refuses a machine with $name', async ({ headers, code }) => {
    const answer = await clientOf(billing).get('/machines/x', headers);
    expect(JSON.parse(answer.body)).toMatchObject({ code });
    expect(gateway.upstream.started).toBe(0);
  });

  it('lets a certificate through to no route that does not open it', async () => {
    for (const path of ['/api/x', '/admin/x', '/', '/events/x']) {
      expect((await clientOf(billing).get(path)).status).toBe(401);
      expect(refusals.at(-1)).toMatchObject({ reason: 'credential-not-accepted' });
    }
    expect((await clientOf(billing).get('/both/x')).status).toBe(200);
  });

  it('is explained with the name in a certificate, as if that were verified', async () => {
    const explain = (target: string, certificate?: string) =>
      gateway.gateway.explain({
        listener: 'machine',
        method: 'GET',
        target,
        headers: [],
        ...(certificate === undefined ? {} : { certificate }),
      });
    const passed = await explain('/machines/x', 'spiffe://acme/billing');
    expect(passed.decision).toBe('forward');
    const facts = passed.stages.flatMap((stage) => stage.facts.map(({ name, value }) => `${name}: ${value}`));
    expect(facts).toContain('certificate: spiffe://acme/billing, as if it were verified');
    expect(facts).toContain('caller: service billing');
    expect(await explain('/machines/x', 'CN=stranger')).toMatchObject({
      reason: 'certificate-not-mapped',
      status: 401,
    });
    expect(await explain('/api/x', 'spiffe://acme/billing')).toMatchObject({ reason: 'credential-not-accepted' });
    expect(await explain('/machines/x')).toMatchObject({ reason: 'certificate-missing' });
    expect(gateway.upstream.started).toBe(0);
    expect(refusals).toEqual([]);
  });

  it('believes no Client-Cert of a machine, and passes none on', async () => {
    const header = `:${Buffer.from('x').toString('base64')}:`;
    expect((await clientOf(billing).get('/machines/x', { 'Client-Cert': header })).status).toBe(200);
    expect((await clientOf().get('/machines/x', { 'Client-Cert': header })).status).toBe(401);
    expect(gateway.upstream.seen[0]?.headers).not.toHaveProperty('client-cert');
  });
});

function claimsOf(authorization: string): unknown {
  return JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString());
}
