import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogFields, Logger } from '@sallyport/core';
import type { MachineTrust } from '@sallyport/gateway';
import { createTestAuthority, type TestAuthority } from '@sallyport/testing/certificates';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMachineCertificates, type MachineCertificatesWatch } from './machine-certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-trust-'));
const files = { ca: join(folder, 'ca.pem'), crl: join(folder, 'machines.crl') };
const events: unknown[] = [];
const note = (_message: string, fields?: LogFields): void => void events.push(fields?.['event']);
const logger: Logger = { info: note, warn: note, error: note };

let authority: TestAuthority;
let watch: MachineCertificatesWatch | undefined;
let replaced: MachineTrust[];

beforeEach(async () => {
  authority = await createTestAuthority();
  writeFileSync(files.ca, authority.ca);
  writeFileSync(files.crl, await authority.crl());
  replaced = [];
  events.length = 0;
});
afterEach(() => watch?.trust.stop());
afterAll(() => rmSync(folder, { recursive: true }));

function open(now = () => new Date()): MachineCertificatesWatch {
  const mtls = { listen: { host: '127.0.0.1', port: 0 }, ...files, behindProxy: { proxies: ['127.0.0.1'] } };
  const config = { publicUrl: 'https://app.test', mtls, tls: undefined };
  watch = openMachineCertificates({ config, logger, now, intervalMilliseconds: 10 });
  if (watch === undefined) throw new TypeError('nothing is watched');
  watch.trust.start((trust) => void replaced.push(trust));
  return watch;
}

describe('the lists of revoked certificates', () => {
  it('are taken over when they change', async () => {
    open();
    authority.revoke(await authority.issue());
    writeFileSync(files.crl, await authority.crl());
    await expect.poll(() => replaced.length).toBe(1);
    expect([...(replaced[0]?.lists?.values() ?? [])].map(({ revoked }) => revoked.size)).toEqual([1]);
    expect(events).toContain('machine-trust-replaced');
  });

  it('stay as they were when the new ones cannot be used', async () => {
    const { trust } = open();
    const before = trust.material();
    writeFileSync(files.crl, await (await createTestAuthority()).crl());
    await expect.poll(() => events).toContain('machine-trust-rejected');
    expect(trust.warnings()).toContain('machine-trust-not-replaced');
    expect(trust.material()).toBe(before);
    expect(replaced).toEqual([]);
  });

  it('that have run out stop the start, and while one runs operators hear of it twice', async () => {
    let time = Date.now();
    const { trust } = open(() => new Date(time));
    // The list would do for an hour, but the authority lives for a day.
    expect(trust.warnings()).toEqual(['machine-trust-expires-soon']);
    await expect.poll(() => events).toContain('machine-trust-expires-soon');
    time += 2 * 3_600_000;
    expect(trust.warnings()).toEqual(['machine-trust-expired']);
    await expect.poll(() => events).toContain('machine-trust-expired');
    expect(events).not.toContain('machine-trust-rejected');
    expect(() => open(() => new Date(time))).toThrow(/mtls\.crl +holds a list/);
  });
});
