import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freezePrincipal, readMachineTrust, type Authenticator } from '@sallyport/core';
import {
  createTestAuthority,
  startTestGateway,
  type TestAuthority,
  type TestGateway,
} from '@sallyport/gateway/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { haproxy, startHaproxy, type RunningProxy } from './start-proxy.ts';

const run = promisify(execFile);

/** Every certificate has an account of the name in it. */
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

let folder: string;
let root: TestAuthority;
let gateway: TestGateway;
let proxy: RunningProxy;
let proxyPort: number;
const reasons: (string | undefined)[] = [];

describe.skipIf(haproxy === undefined)('behind HAProxy, as the page says (skipped without HAProxy)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'client-cert-'));
    root = await createTestAuthority();
    gateway = await startTestGateway({
      authenticators: [authenticator],
      machines: { publicUrl: 'https://machines.test', behindProxy: { proxies: ['127.0.0.1'] } },
      moreRoutes: [{ name: 'machines', prefix: '/machines', access: 'service', credentials: ['mtls'] }],
      onRefusal: ({ reason }) => reasons.push(reason),
    });
    const revoked = await root.issue('CN=revoked');
    const server = await root.issue('CN=machines.test', { dns: ['machines.test'], purpose: 'server' });
    const good = await root.issue('CN=x', { uri: 'spiffe://acme/billing' });
    const files = {
      'proxy.pem': `${server.cert}\n${server.key}`,
      'ca.pem': root.cert,
      'good.pem': `${good.cert}\n${good.key}`,
      'revoked.pem': `${revoked.cert}\n${revoked.key}`,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    const trust = readMachineTrust({ ca: root.cert, crl: await root.list([revoked.serialNumber]) }, new Date());
    if (trust.kind !== 'read') throw new TypeError('no trust');
    const { port } = await gateway.gateway.listenMachines({ host: '127.0.0.1', port: 0, trust: trust.trust });
    [proxyPort = 0] = await findFreePorts(1);
    proxy = await startHaproxy(folder, await sections(port));
    await vi.waitFor(() => curl(undefined), { timeout: 10_000, interval: 100 });
  });
  afterAll(async () => {
    await proxy.stop();
    await gateway.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    gateway.upstream.reset();
    reasons.length = 0;
  });

  it('curl with a certificate calls as the machine that it is', async () => {
    expect(await curl('good.pem')).toBe('200');
    const token = String(gateway.upstream.seen[0]?.headers['authorization']).split('.')[1] ?? '';
    expect(JSON.parse(Buffer.from(token, 'base64url').toString())).toMatchObject({ sub: 'spiffe://acme/billing' });
  });

  it('a revoked certificate, which HAProxy does not know of, is refused with its reason', async () => {
    expect(await curl('revoked.pem')).toBe('401');
    expect(reasons).toEqual(['certificate-revoked']);
  });

  it('curl without one gets nothing by a header of its own', async () => {
    const pem = await readFile(path.join(folder, 'good.pem'), 'utf8');
    const [, base64 = ''] = /-----BEGIN CERTIFICATE-----([^-]+)-/.exec(pem) ?? [];
    expect(await curl(undefined, `Client-Cert: :${base64.replaceAll(/\s/g, '')}:`)).toBe('401');
    expect(reasons).toEqual(['certificate-missing']);
    expect(await curl('good.pem', 'Client-Cert: :AAAA:')).toBe('200');
  });
});

/** The lines of the page, with the ports and files of the test. */
async function sections(gatewayPort: number): Promise<string> {
  const page = await readFile(path.join(workspaceRoot, 'docs/wire/client-certificates.md'), 'utf8');
  const [, lines = ''] = /```\n(bind [\s\S]+?)```/.exec(page) ?? [];
  const own = lines
    .replace('bind :8443', `bind 127.0.0.1:${proxyPort}`)
    .replace('/etc/haproxy/machines.pem', path.join(folder, 'proxy.pem'))
    .replace('/etc/haproxy/machines-ca.pem', path.join(folder, 'ca.pem'));
  return `defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s

frontend machines
${own.replaceAll(/^/gm, '    ')}
    default_backend gateway

backend gateway
    server gateway 127.0.0.1:${gatewayPort}
`;
}

async function curl(certificate: string | undefined, header?: string): Promise<string> {
  const options = ['--silent', '--show-error', '--output', '/dev/null', '--write-out', '%{http_code}'];
  const at = ['--cacert', path.join(folder, 'ca.pem'), '--resolve', `machines.test:${proxyPort}:127.0.0.1`];
  const own = certificate === undefined ? [] : ['--cert', path.join(folder, certificate)];
  const headers = ['Host: machines.test', ...(header === undefined ? [] : [header])].flatMap((one) => [
    '--header',
    one,
  ]);
  const url = `https://machines.test:${proxyPort}/machines/x`;
  const { stdout } = await run('curl', [...options, ...at, ...own, ...headers, url]);
  return stdout;
}
