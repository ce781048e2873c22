import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createMachineClient, shakeHands, type MachineClient } from '@sallyport/gateway/test-support';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkMachineCertificates } from './checks/check-machine-certificates.ts';
import type { ConfigInput } from './config/config-schema.ts';
import { readEnvironment } from './config/environment.ts';
import { parseConfig } from './config/parse-config.ts';
import { freePort, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testPolicy } from './test-support/test-preset.ts';
import { testRoutes } from './test-support/test-routes.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-machines-'));
const files = {
  cert: join(folder, 'server.pem'),
  key: join(folder, 'server.key'),
  ca: join(folder, 'ca.pem'),
  crl: join(folder, 'machines.crl'),
};
const name = 'spiffe://acme/billing';
const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' };

let authority: TestAuthority;
let billing: TestCertificate;
let gateway: TestGateway;
let mtls: NonNullable<ConfigInput['mtls']>;
const clients: MachineClient[] = [];

beforeAll(async () => {
  authority = await createTestAuthority();
  const server = await authority.issue({ usages: ['server'] });
  billing = await authority.issue({ spiffeId: name });
  writeFileSync(files.cert, server.cert);
  writeFileSync(files.key, server.key, { mode: 0o600 });
  writeFileSync(files.ca, authority.ca);
  writeFileSync(files.crl, await authority.crl());
  mtls = { listen: { port: await freePort() }, ...files };
  const echo = await freePort();
  gateway = await startTestGateway({
    config: {
      mtls,
      routes: [
        ...testRoutes(`http://127.0.0.1:${echo}`),
        {
          name: 'machines',
          prefix: '/machines',
          upstream: 'http://127.0.0.1:9',
          audience: 'machines',
          access: { permissions: ['product:create'] },
          credentials: ['mtls'],
        },
      ],
    },
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function clientOf(certificate: TestCertificate): MachineClient {
  const client = createMachineClient(gateway.gateway.machinePort ?? 0, certificate);
  clients.push(client);
  return client;
}

const operate = (operation: string, input: object): Promise<unknown> =>
  gateway.gateway.control.operate(operation, input, operator);

/** What an answer says: the upstream of the route is not there, so that a caller who gets through to it meets 502. */
async function ask(client: MachineClient, path = '/machines/x'): Promise<{ status: number; reason: unknown }> {
  const { status } = await client.get(path);
  await expect.poll(() => gateway.lines.at(-1)?.message).toBe('request');
  return { status, reason: gateway.lines.at(-1)?.fields?.['reason'] };
}

describe('a machine with a certificate', () => {
  it('is the service account whose certificate it is, until that is disabled, changed or loses its permission', async () => {
    const client = clientOf(billing);
    expect(await ask(client)).toEqual({ status: 401, reason: 'certificate-not-mapped' });
    const made = await operate('service-accounts/create', { name: 'billing', roles: ['vendor'], certificate: name });
    const { id } = made as { readonly id: string };
    // What was unknown is not looked up again at once.
    await expect.poll(async () => (await ask(client)).status, { timeout: 8000, interval: 500 }).toBe(502);
    await operate('service-accounts/set-disabled', { id, isDisabled: true });
    expect(await ask(client)).toEqual({ status: 401, reason: 'certificate-account-disabled' });
    await operate('service-accounts/set-disabled', { id, isDisabled: false });
    expect(await ask(client)).toMatchObject({ status: 502 });
    await operate('service-accounts/set-roles', { id, roles: ['user'] });
    expect(await ask(client)).toEqual({ status: 403, reason: 'permission-missing' });
    await operate('service-accounts/set-roles', { id, roles: ['vendor'] });
    expect(await ask(client)).toMatchObject({ status: 502 });
    await operate('service-accounts/set-certificate', { id, certificate: 'spiffe://acme/next' });
    expect(await ask(client)).toEqual({ status: 401, reason: 'certificate-not-mapped' });
  }, 20_000);

  it('that is refused leaves an event with the reason', async () => {
    const stranger = await (await createTestAuthority()).issue({ spiffeId: name });
    expect(await ask(clientOf(stranger))).toEqual({ status: 401, reason: 'certificate-unknown-authority' });
    const database = new DatabaseSync(join(gateway.dataDir, 'sallyport.db'), { readOnly: true });
    const read = () => database.prepare("SELECT details FROM sallyportEvent WHERE type = 'access.refused'").all();
    await expect.poll(() => JSON.stringify(read())).toContain('certificate-unknown-authority');
    database.close();
  });

  it('is told the keys, and reaches no page', async () => {
    const client = clientOf(billing);
    expect((await client.get('/.well-known/sallyport/jwks.json')).status).toBeLessThan(500);
    expect(await ask(client, '/auth/login')).toMatchObject({ status: 404 });
  });
});

describe('the public listener', () => {
  it('is not the one for machines', async () => {
    const answer = await gateway.get('/machines/x', { 'client-cert': ':AAAA:' });
    expect(answer.status).toBe(401);
    await expect(shakeHands(Number(new URL(gateway.origin).port), billing)).rejects.toThrow();
  });
});

describe('a configuration with machines', () => {
  const input = () => ({
    publicUrl: 'http://localhost:3000',
    policy: testPolicy,
    mtls,
    routes: [
      {
        name: 'machines',
        prefix: '/machines',
        upstream: 'http://127.0.0.1:9',
        audience: 'machines',
        access: 'service' as const,
        credentials: ['mtls' as const],
      },
    ],
  });
  const parse = (change: object) => () => parseConfig({ ...input(), ...change }, 'test');
  const check = async (change: object): Promise<string> => {
    const config = parseConfig({ ...input(), mtls: { ...mtls, ...change } }, 'test');
    const findings = await checkMachineCertificates.run({ config, environment: readEnvironment({}) });
    return findings.map(({ kind, key = '', finding }) => `${kind} ${key} ${finding}`).join('; ');
  };

  it('is taken', async () => {
    expect(parse({})).not.toThrow();
    expect(await check({})).toMatch(/^ok .*for localhost.*days; ok .*authority.*days; ok .*list.*days$/);
  });

  it.each([
    { name: 'no route opens it', change: { routes: testRoutes('http://127.0.0.1:9') }, message: 'opens nothing' },
    { name: 'a route opens it without the section', change: { mtls: undefined }, message: 'no feature recognizes' },
    { name: 'a member is unknown', change: { mtls: { listen: { port: 1 }, ca: 'x', oscp: true } }, message: 'oscp' },
    { name: 'there is no certificate', change: { mtls: { listen: { port: 1 }, ca: 'x' } }, message: 'mtls.cert' },
    {
      name: 'there is half a pair',
      change: { mtls: { listen: { port: 1 }, ca: 'x', cert: 'x' } },
      message: 'together',
    },
    { name: 'there are no authorities', change: { mtls: { listen: { port: 1 } } }, message: 'mtls.ca' },
    {
      name: 'every address may be a proxy',
      change: { mtls: { listen: { port: 1 }, ca: 'x', behindProxy: { proxies: ['0.0.0.0/0'] } } },
      message: 'too wide',
    },
    {
      name: 'machines call the host of browsers',
      change: {
        publicUrl: 'https://app.test',
        tls: { certFile: 'x', keyFile: 'x' },
        mtls: { listen: { port: 1 }, ca: 'x', publicUrl: 'https://app.test' },
      },
      message: 'is the host of browsers',
    },
    {
      name: 'machines call without TLS',
      change: { mtls: { listen: { port: 1 }, ca: 'x', publicUrl: 'http://app.test' } },
      message: 'must begin with https',
    },
  ])('is refused when $name', ({ change, message }) => {
    expect(parse(change)).toThrow(message);
  });

  it.each([
    { name: 'no file of authorities', change: { ca: '/nowhere' }, says: /failure mtls\.ca names a file/ },
    { name: 'no file of lists', change: { crl: '/nowhere' }, says: /failure mtls\.crl names a file/ },
    { name: 'a certificate as a list', change: { crl: files.ca }, says: /failure mtls\.crl holds no list/ },
    {
      name: 'a leaf as authority',
      change: { ca: files.cert },
      says: /failure mtls\.ca holds a certificate that is no/,
    },
    { name: 'a key that is a certificate', change: { key: files.ca }, says: /failure mtls\.key/ },
    {
      name: 'a certificate for another host',
      change: { publicUrl: 'https://machines.test' },
      says: /failure mtls\.cert does not name the host that machines call/,
    },
  ])('does not start with $name', async ({ change, says }) => {
    expect(await check(change)).toMatch(says);
  });
});
