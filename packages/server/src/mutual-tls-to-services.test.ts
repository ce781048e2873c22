import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { readClientCertificate } from '@sallyport/core';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkUpstreamCertificate } from './checks/check-upstream-certificate.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

/* A whole gateway, from the files of its configuration to what a service sees, and what operators are told. */

const folder = mkdtempSync(join(tmpdir(), 'sallyport-mutual-tls-'));
const upstreamTls = {
  certFile: join(folder, 'gateway.pem'),
  keyFile: join(folder, 'gateway.key'),
  caFile: join(folder, 'ca.pem'),
};
let authority: TestAuthority;
let first: TestCertificate;
let service: Server;
let test: TestGateway;

beforeAll(async () => {
  authority = await createTestAuthority();
  first = await authority.issue({ spiffeId: 'spiffe://acme/gateway', expiresInSeconds: 90 * 86_400 });
  writeFileSync(upstreamTls.caFile, authority.ca);
  write(first);
  service = createServer({ ...(await authority.issue()), requestCert: true, rejectUnauthorized: false });
  service.on('request', ({ socket }, response) => {
    const certificate = (socket as TLSSocket).getPeerX509Certificate(); // A server of node:https has such sockets only.
    response.end(certificate === undefined ? 'none' : readClientCertificate(certificate).thumbprint);
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const upstream = `https://localhost:${(service.address() as AddressInfo).port}`;
  // The files are looked at every ten seconds.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  test = await startTestGateway({
    config: {
      upstreamTls,
      routes: [{ name: 'orders', prefix: '/', upstream, audience: 'orders', access: 'public', upstreamTls: {} }],
    },
  });
});
afterAll(async () => {
  vi.useRealTimers();
  await test.close();
  service.closeAllConnections();
  service.close();
  rmSync(folder, { recursive: true });
});

function write({ cert, key }: TestCertificate): void {
  writeFileSync(upstreamTls.certFile, cert);
  writeFileSync(upstreamTls.keyFile, key, { mode: 0o600 });
}

const presented = async (): Promise<string> => (await test.get('/orders')).text();
const thumbprintOf = ({ cert }: TestCertificate): string => readClientCertificate(cert).thumbprint;
const readiness = async (): Promise<unknown> => (await test.get('/readyz')).json();

describe('a gateway with upstreamTls', () => {
  it('presents the certificate of its files, and another one when they change', async () => {
    expect(await presented()).toBe(thumbprintOf(first));
    const second = await authority.issue({ expiresInSeconds: 90 * 86_400 });
    write(second);
    vi.advanceTimersByTime(10_000);
    expect(await presented()).toBe(thumbprintOf(second));
    expect(test.lines.map(({ fields }) => fields.event)).toContain('upstream-certificate-replaced');

    write({ ...second, key: first.key });
    vi.advanceTimersByTime(20_000);
    expect(await readiness()).toEqual({ status: 'ok', warnings: ['upstream-certificate-not-replaced'] });
    expect(await presented()).toBe(thumbprintOf(second));
  });

  it('is examined by the check of the start and of doctor', () => {
    const { config } = test.gateway;
    const findings = () => checkUpstreamCertificate.run({ config, environment: {} as never, preset: undefined });
    write(first);
    expect(findings()).toEqual([{ kind: 'ok', finding: 'the certificate that services see lives for 89 days' }]);
    write({ ...first, key: 'nothing' });
    expect(findings()).toEqual([expect.objectContaining({ kind: 'failure', key: 'upstreamTls.keyFile' })]);
    const { upstreamTls: _, ...without } = config;
    expect(checkUpstreamCertificate.run({ config: without, environment: {} as never, preset: undefined })).toEqual([]);
  });
});
