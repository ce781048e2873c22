import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger, LogFields } from '@sallyport/core';
import type { UpstreamTls } from '@sallyport/gateway';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../config/parse-config.ts';
import { examineUpstreamTls, openUpstreamCertificate, type UpstreamCertificateWatch } from './upstream-certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-upstream-'));
const files = {
  certFile: join(folder, 'gateway.pem'),
  keyFile: join(folder, 'gateway.key'),
  caFile: join(folder, 'ca.pem'),
};
const lines: LogFields[] = [];
const note = (_message: string, fields?: LogFields): void => void (fields !== undefined && lines.push(fields));
const logger: Logger = { info: note, warn: note, error: note };

let authority: TestAuthority;
let good: TestCertificate;
let watch: UpstreamCertificateWatch | undefined;

beforeAll(async () => {
  authority = await createTestAuthority();
  good = await authority.issue({ spiffeId: 'spiffe://acme/gateway', expiresInSeconds: 90 * 86_400 });
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => write(good));
afterEach(() => {
  watch?.stop();
  watch = undefined;
  lines.length = 0;
});

function write({ cert, key }: TestCertificate, ca = authority.ca): void {
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key, { mode: 0o600 });
  chmodSync(files.keyFile, 0o600);
  writeFileSync(files.caFile, ca);
}

const problems = (): string =>
  examineUpstreamTls(files, new Date())
    .problems.map(({ key, problem }) => `${key} ${problem}`)
    .join('; ');

describe('the files of upstreamTls', () => {
  it('are taken where they belong together', () => {
    expect(problems()).toBe('');
    expect(examineUpstreamTls(files, new Date()).tls).toEqual({ ...good, ca: authority.ca });
  });

  it.each<[string, () => void | Promise<void>, RegExp]>([
    ['a certificate that expired', async () => write(await authority.issue({ expiresInSeconds: -1 })), /has expired/],
    [
      'a certificate for servers alone',
      async () => write(await authority.issue({ usages: ['server'] })),
      /upstreamTls\.certFile is not for clients.*clientAuth/,
    ],
    ['the key of another', async () => write({ ...(await authority.issue()), key: good.key }), /does not belong to/],
    ['no certificate', () => write({ ...good, cert: 'nothing' }), /holds no certificate/],
    ['no key', () => write({ ...good, key: 'nothing' }), /upstreamTls\.keyFile holds no private key/],
    ['a key that every user may read', () => chmodSync(files.keyFile, 0o644), /keyFile is open to every user/],
    ['no authorities', () => write(good, 'nothing'), /upstreamTls\.caFile holds no certificate/],
    [
      'one and a half authorities',
      () => write(good, authority.ca + authority.ca.slice(0, 200)),
      /upstreamTls\.caFile ends in the middle of a certificate/,
    ],
    ['a leaf as authority', () => write(good, good.cert), /upstreamTls\.caFile .*of no authority/],
    ['no file of authorities', () => rmSync(files.caFile), /upstreamTls\.caFile names a file that cannot be read/],
  ])('refuse the start with %s, by key', async (_, break_, says) => {
    await break_();
    expect(problems()).toMatch(says);
    expect(problems()).not.toContain('PRIVATE KEY');
    expect(() => openUpstreamCertificate({ files, logger })).toThrow(/\(upstreamTls\) has one problem/);
  });

  it('are read again: what can be used is handed over, and what cannot is reported', async () => {
    const replaced: UpstreamTls[] = [];
    watch = openUpstreamCertificate({ files, logger, intervalMilliseconds: 10 });
    watch.start((tls) => void replaced.push(tls));
    const next = await authority.issue({ expiresInSeconds: 90 * 86_400 });
    write(next);
    await expect.poll(() => replaced).toEqual([{ ...next, ca: authority.ca }]);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'upstream-certificate-replaced' }));
    expect(watch.warnings()).toEqual([]);
    write({ ...next, key: good.key });
    await expect.poll(() => watch?.warnings()).toEqual(['upstream-certificate-not-replaced']);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'upstream-certificate-rejected' }));
    expect(replaced).toHaveLength(1);
  });

  it('warn operators before the end', async () => {
    write(await authority.issue({ expiresInSeconds: 86_400 }));
    watch = openUpstreamCertificate({ files, logger });
    expect(watch.warnings()).toEqual(['upstream-certificate-expires-soon']);
    expect(lines).toEqual([expect.objectContaining({ event: 'upstream-certificate-expires-soon' })]);
  });
});

describe('a configuration with mutual TLS', () => {
  const base = { publicUrl: 'http://localhost:3000', policy: { permissions: {}, roles: { user: [] } } };
  const orders = {
    name: 'orders',
    prefix: '/orders',
    upstream: 'https://orders:1',
    audience: 'orders',
    access: 'public',
  };

  it('is taken with the section and a route that uses it', () => {
    const config = { ...base, upstreamTls: files, routes: [{ ...orders, upstreamTls: {} }] };
    expect(parseConfig(config, 'test').upstreamTls).toEqual(files);
  });

  it.each([
    ['a route without the section', { ...base, routes: [{ ...orders, upstreamTls: {} }] }, /no certificate/],
    ['the section without a route', { ...base, upstreamTls: files, routes: [orders] }, /presented to no service/],
    ['a misspelt key', { ...base, upstreamTls: { ...files, ca: 'x' }, routes: [orders] }, /"?ca"?/],
  ])('is refused with %s', (_, config, says) => {
    expect(() => parseConfig(config, 'test')).toThrow(says);
  });
});
