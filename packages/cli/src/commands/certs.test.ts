import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWorkplace, type CommandResult, type Workplace } from '../test-support/memory-terminal.ts';

const dayMilliseconds = 86_400_000;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const acme = ['--trust-domain', 'acme', '--domain', 'acme.internal', '--organization', 'Acme'];

interface Listed {
  readonly kind: string;
  readonly name: string;
  readonly serialNumber: string;
  readonly state: string;
  readonly daysLeft: number;
}

let place: Workplace;
beforeEach(() => {
  place = createWorkplace();
});
afterEach(() => {
  vi.useRealTimers();
});

const certs = (...args: readonly string[]): Promise<CommandResult> => place.run(['certs', ...args]);
const file = (...parts: readonly string[]): string => join(place.folder, 'certs', ...parts);
const read = (...parts: readonly string[]): string => readFileSync(file(...parts), 'utf8');

async function done(...args: readonly string[]): Promise<string> {
  const { code, output, errors } = await certs(...args);
  expect([code, errors]).toEqual([0, '']);
  // Whatever a command prints, it is no key.
  expect(output).not.toMatch(/PRIVATE|BEGIN/);
  return output;
}

async function listed(): Promise<readonly Listed[]> {
  const lines = (await done('list', '--json')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Listed);
}

async function statesOf(name: string): Promise<readonly string[]> {
  return (await listed()).filter((row) => row.name === name).map(({ state }) => state);
}

/** What the real OpenSSL says of a certificate, and whether it believes it. */
function verify(name: string, purpose: string): { readonly isOk: boolean; readonly says: string } {
  const authority = ['-CAfile', file('ca.pem'), '-CRLfile', file('ca.crl'), '-crl_check', '-x509_strict'];
  const { status, stdout, stderr } = spawnSync(
    'openssl',
    ['verify', ...authority, '-purpose', purpose, file(name, 'cert.pem')],
    { encoding: 'utf8' },
  );
  return { isOk: status === 0, says: stdout + stderr };
}

describe('sallyport certs init', () => {
  it('makes an authority whose files are closed to other users', async () => {
    const output = await done('init', ...acme);
    expect(output).toMatch(/for development/);
    expect(output).toMatch(/SPIRE, step-ca or cert-manager/);
    await done('issue', 'billing', '--spiffe', 'spiffe://acme/billing');
    const entries = readdirSync(file(), { recursive: true, withFileTypes: true });
    const open = entries
      .filter((entry) => !entry.isSymbolicLink())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => (statSync(path).mode & 0o777) !== (statSync(path).isDirectory() ? 0o700 : 0o600));
    expect(open).toEqual([]);
    expect(statSync(file()).mode & 0o777).toBe(0o700);
    expect(read('.gitignore')).toBe('*\n');
  });

  it('never replaces an authority', async () => {
    await done('init');
    const before = [read('ca.pem'), read('ca-key.pem')];
    expect(await certs('init')).toMatchObject({ code: 1, errors: expect.stringContaining('not replaced') as string });
    expect([read('ca.pem'), read('ca-key.pem')]).toEqual(before);
  });

  it.each([{ lost: 'ca.pem' }, { lost: 'ca-key.pem' }])(
    'neither makes nor uses half an authority: without $lost',
    async ({ lost }) => {
      await done('init');
      rmSync(file(lost));
      const left = readdirSync(file()).toSorted();
      for (const args of [['init'], ['issue', 'billing'], ['list']])
        expect(await certs(...args)).toMatchObject({ code: 3, errors: expect.stringContaining('alone') as string });
      expect(readdirSync(file()).toSorted()).toEqual(left);
    },
  );

  it('refuses a folder that other users may open', async () => {
    mkdirSync(file());
    chmodSync(file(), 0o755);
    expect(await certs('init')).toMatchObject({ code: 3, errors: expect.stringContaining('chmod go-rwx') as string });
    expect(readdirSync(file())).toEqual([]);
  });

  it.each([
    { args: ['--trust-domain', 'spiffe://acme'], says: '--trust-domain' },
    { args: ['--trust-domain', 'Acme'], says: '--trust-domain' },
    { args: ['--domain', '*'], says: '--domain' },
    { args: ['--domain', 'a b'], says: '--domain' },
    { args: ['--organization', 'Acme, O=Other'], says: '--organization' },
    { args: ['--organization', 'Acme+CN=admin'], says: '--organization' },
    { args: ['--days', '0'], says: '--days' },
    { args: ['--days', '99999'], says: '--days' },
    { args: ['--days', '1e3'], says: '--days' },
  ])('refuses $args', async ({ args, says }) => {
    expect(await certs('init', ...args)).toMatchObject({ code: 2, errors: expect.stringContaining(says) as string });
    expect(existsSync(file())).toBe(false);
  });
});

describe.skipIf(!hasOpenssl)('certificates of sallyport certs, judged by openssl', () => {
  const names = ['--dns', 'billing.acme.internal', '--ip', '127.0.0.1', '--ip', '::1', '--ip', 'fd00::7:1'];

  it.each([
    { args: ['--spiffe', 'spiffe://acme/billing'], client: true, server: true },
    { args: ['--spiffe', 'spiffe://acme/ns/prod/sa/billing', ...names], client: true, server: true },
    { args: names, client: false, server: true },
    { args: [], client: true, server: false },
    { args: ['--spiffe', 'spiffe://acme/billing', '--client'], client: true, server: false },
    { args: ['--spiffe', 'spiffe://acme/billing', '--server'], client: false, server: true },
    { args: ['--client', '--server'], client: true, server: true },
  ])('are good for what they are issued for: $args', async ({ args, client, server }) => {
    await done('init', ...acme);
    await done('issue', 'billing', ...args);
    expect([verify('billing', 'sslclient').isOk, verify('billing', 'sslserver').isOk]).toEqual([client, server]);
    await done('renew', 'billing');
    expect([verify('billing', 'sslclient').isOk, verify('billing', 'sslserver').isOk]).toEqual([client, server]);
  });

  it('are refused once they are revoked, and so is nothing else', async () => {
    await done('init', ...acme);
    await done('issue', 'billing', '--spiffe', 'spiffe://acme/billing');
    await done('issue', 'orders', '--spiffe', 'spiffe://acme/orders');
    await done('revoke', 'billing', '--reason', 'keyCompromise');
    expect(verify('billing', 'sslclient').says).toMatch(/certificate revoked/);
    expect(verify('orders', 'sslclient').isOk).toBe(true);
    const text = execFileSync('openssl', ['crl', '-in', file('ca.crl'), '-noout', '-text'], { encoding: 'utf8' });
    expect(text).toMatch(/Key Compromise/);
    expect(text.toLowerCase()).toContain(new X509Certificate(read('billing', 'cert.pem')).serialNumber.toLowerCase());
  });

  it('show an authority that signs leaves alone, and a key of P-256', async () => {
    await done('init', ...acme);
    await done('issue', 'billing', '--spiffe', 'spiffe://acme/billing');
    const textOf = (...parts: readonly string[]): string =>
      execFileSync('openssl', ['x509', '-in', file(...parts), '-noout', '-text', '-nameopt', 'RFC2253'], {
        encoding: 'utf8',
      });
    expect(textOf('ca.pem')).toMatch(
      /CA:TRUE, pathlen:0[^]*Certificate Sign, CRL Sign[^]*URI:acme\s+DNS:acme\.internal/,
    );
    expect(textOf('billing', 'cert.pem')).toMatch(
      /Subject: CN=billing,O=Acme[^]*prime256v1[^]*CA:FALSE[^]*Digital Signature\n[^]*URI:spiffe:\/\/acme\/billing\n/,
    );
  });

  it('hold until their authority ends, also beyond the year 2050', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(new Date('2049-12-20T00:00:00Z'));
    await done('init', ...acme);
    await done('issue', 'billing', '--spiffe', 'spiffe://acme/billing');
    const until = execFileSync('openssl', ['x509', '-in', file('billing', 'cert.pem'), '-noout', '-enddate']);
    expect(until.toString()).toMatch(/Jan 19 00:00:00 2050 GMT/);
  });
});

describe('sallyport certs issue', () => {
  beforeEach(() => done('init', ...acme));

  it.each([
    { args: ['Billing'], code: 2, says: 'lower-case letters' },
    { args: ['../billing'], code: 2, says: 'lower-case letters' },
    { args: ['ca.pem'], code: 2, says: 'lower-case letters' },
    { args: ['billing', '--spiffe', 'https://acme/billing'], code: 2, says: '--spiffe' },
    { args: ['billing', '--spiffe', 'spiffe://acme'], code: 2, says: '--spiffe' },
    { args: ['billing', '--spiffe', 'spiffe://acme/'], code: 2, says: '--spiffe' },
    { args: ['billing', '--spiffe', 'spiffe://acme/a/../b'], code: 2, says: '--spiffe' },
    { args: ['billing', '--spiffe', 'spiffe://acme:80/a'], code: 2, says: '--spiffe' },
    { args: ['billing', '--spiffe', 'spiffe://acme/a?b'], code: 2, says: '--spiffe' },
    { args: ['billing', '--spiffe', 'spiffe://acme/a, DNS:b'], code: 2, says: '--spiffe' },
    { args: ['billing', '--dns', 'a, URI:spiffe://acme/b'], code: 2, says: '--dns' },
    { args: ['billing', '--ip', '1.2.3'], code: 2, says: '--ip' },
    { args: ['billing', '--ip', 'fe80::1%eth0'], code: 2, says: '--ip' },
    { args: ['billing', '--days', '826'], code: 2, says: '--days' },
    { args: ['billing', '--spiffe', 'spiffe://other/billing'], code: 1, says: 'spiffe://acme/…, acme.internal alone' },
    { args: ['billing', '--dns', 'acme.internal.example'], code: 1, says: 'acme.internal alone' },
    { args: ['billing', '--dns', 'notacme.internal'], code: 1, says: 'acme.internal alone' },
  ])('refuses $args', async ({ args, code, says }) => {
    expect(await certs('issue', ...args)).toMatchObject({ code, errors: expect.stringContaining(says) as string });
    expect((await listed()).filter(({ kind }) => kind === 'certificate')).toEqual([]);
  });

  it('leaves the certificate of a name, unless it is told to replace it', async () => {
    await done('issue', 'billing', '--spiffe', 'spiffe://acme/billing');
    const refused = await certs('issue', 'billing', '--spiffe', 'spiffe://acme/other');
    expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('certs renew billing') as string });
    await done('issue', 'billing', '--spiffe', 'spiffe://acme/other', '--replace');
    expect(await statesOf('billing')).toEqual(['valid', 'replaced']);
  });

  it('writes over nothing that is not its own', async () => {
    mkdirSync(file('billing'));
    expect(await certs('issue', 'billing')).toMatchObject({
      code: 3,
      errors: expect.stringContaining('in the way') as string,
    });
  });

  it('issues nothing that lasts longer than its authority', async () => {
    await place.run(['certs', 'init', '--folder', 'short', '--days', '10']);
    const result = await place.run(['certs', 'issue', 'billing', '--folder', 'short']);
    expect(result).toMatchObject({
      code: 1,
      errors: expect.stringContaining('before this certificate would') as string,
    });
  });

  it('refuses a key of the authority that other users may read', async () => {
    chmodSync(file('ca-key.pem'), 0o640);
    expect(await certs('issue', 'billing')).toMatchObject({
      code: 3,
      errors: expect.stringContaining('chmod') as string,
    });
  });

  it('refuses the key of another authority', async () => {
    await place.run(['certs', 'init', '--folder', 'other']);
    writeFileSync(file('ca-key.pem'), readFileSync(join(place.folder, 'other', 'ca-key.pem')));
    const result = await certs('issue', 'billing');
    expect(result).toMatchObject({ code: 3, errors: expect.stringContaining('does not belong to') as string });
  });

  it('says how an authority is made where there is none', async () => {
    const result = await place.run(['certs', 'issue', 'billing', '--folder', 'none']);
    expect(result).toMatchObject({ code: 3, errors: expect.stringContaining('"sallyport certs init"') as string });
  });
});

describe('sallyport certs renew', () => {
  beforeEach(async () => {
    await done('init', ...acme);
    await done('issue', 'billing', '--spiffe', 'spiffe://acme/billing', '--ip', '::1', '--days', '9');
  });

  it('makes the next certificate with the same names and a key of its own', async () => {
    const before = new X509Certificate(read('billing', 'cert.pem'));
    await done('renew', 'billing');
    const after = new X509Certificate(read('billing', 'cert.pem'));
    expect(after.subjectAltName).toBe(before.subjectAltName);
    expect([after.subject, after.keyUsage]).toEqual([before.subject, before.keyUsage]);
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.publicKey.equals(before.publicKey)).toBe(false);
    expect(Math.round((after.validToDate.getTime() - Date.now()) / dayMilliseconds)).toBe(9);
    expect(await statesOf('billing')).toEqual(['valid', 'replaced']);
  });

  it('renews what has less than a third of its time left, and nothing else', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await done('issue', 'orders', '--spiffe', 'spiffe://acme/orders', '--days', '60');
    expect(await done('renew', '--due')).toBe('No certificate runs out soon.\n');
    vi.setSystemTime(Date.now() + 7 * dayMilliseconds);
    expect(await statesOf('billing')).toEqual(['due']);
    const { renewed } = JSON.parse(await done('renew', '--due', '--json')) as { renewed: readonly { name: string }[] };
    expect(renewed.map(({ name }) => name)).toEqual(['billing']);
  });

  it('forgets what was replaced once it has expired, and writes the revocation list in time', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await done('renew', 'billing', '--days', '2');
    await done('crl', '--days', '12');
    vi.setSystemTime(Date.now() + 10 * dayMilliseconds);
    expect(await statesOf('billing')).toEqual(['expired', 'expired']);
    expect(await statesOf('(revocation list)')).toEqual(['due']);
    expect(await done('renew', '--due')).toMatch(/Renewed billing[^]*Wrote the revocation list/);
    expect(await statesOf('billing')).toEqual(['valid']);
    expect((await listed()).find(({ kind }) => kind === 'revocation-list')).toMatchObject({
      state: 'valid',
      daysLeft: 12,
    });
  });

  it('renews the others where one outlasts the authority, and fails all the same', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const inShort = (...args: readonly string[]) => place.run(['certs', ...args, '--folder', 'short']);
    await inShort('init', '--days', '100');
    await inShort('issue', 'long', '--days', '60');
    await inShort('issue', 'quick', '--days', '10');
    vi.setSystemTime(Date.now() + 55 * dayMilliseconds);
    const { code, output, errors } = await inShort('renew', '--due');
    expect(code).toBe(1);
    expect(output).toMatch(/^Renewed quick/);
    expect(errors).toMatch(/^long was not renewed\. The authority in short ends on/);
    const states = (await inShort('list', '--json')).output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Listed);
    expect(states.map(({ name, state }) => [name, state])).toEqual(
      expect.arrayContaining([
        ['long', 'due'],
        ['quick', 'valid'],
      ]),
    );
    vi.setSystemTime(Date.now() + 20 * dayMilliseconds);
    expect((await inShort('list')).output).toMatch(/^\(authority\) .* due$/m);
  });

  it('does not renew what was revoked, neither by name nor by timer', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await done('revoke', 'billing');
    expect(await certs('renew', 'billing')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('revoked') as string,
    });
    vi.setSystemTime(Date.now() + 8 * dayMilliseconds);
    expect(await done('renew', '--due')).toMatch(/No certificate runs out soon/);
    expect(await statesOf('billing')).toEqual(['revoked']);
    await done('issue', 'billing', '--spiffe', 'spiffe://acme/billing');
    expect(await statesOf('billing')).toEqual(['valid', 'revoked']);
  });

  it.each([
    { args: [], code: 2, says: '--due' },
    { args: ['billing', '--due'], code: 2, says: '--due' },
    { args: ['orders'], code: 1, says: 'certs issue orders' },
    { args: ['../billing'], code: 2, says: 'lower-case letters' },
  ])('refuses $args', async ({ args, code, says }) => {
    expect(await certs('renew', ...args)).toMatchObject({ code, errors: expect.stringContaining(says) as string });
  });

  it('deletes keys that no reader needs any more', async () => {
    const first = realpathSync(file('billing'));
    await done('renew', 'billing');
    expect(readdirSync(first).toSorted()).toEqual(['cert.pem', 'key.pem', 'pair.pem']);
    await done('renew', 'billing');
    expect(readdirSync(first)).toEqual(['cert.pem']);
  });

  it('never shows a reader a certificate and a key that do not belong together', async () => {
    const reader = new Worker(readPairs, { eval: true, workerData: file('billing') });
    await once(reader, 'message');
    for (let times = 0; times < 25; times += 1) await done('renew', 'billing');
    const found = once(reader, 'message');
    reader.postMessage('end');
    const [{ reads, generations, mismatches }] = (await found) as [Record<string, number>];
    expect(mismatches).toBe(0);
    expect(reads).toBeGreaterThan(25);
    expect(generations).toBeGreaterThan(5);
  });

  it('is not disturbed by what a process left that died in the middle', async () => {
    const generation = file('.leaves', 'billing', '00ff');
    mkdirSync(generation);
    writeFileSync(join(generation, 'key.pem'), 'half');
    expect(await statesOf('billing')).toEqual(['valid']);
    await done('renew', 'billing');
    expect(
      new X509Certificate(read('billing', 'cert.pem')).checkPrivateKey(createPrivateKey(read('billing', 'key.pem'))),
    ).toBe(true);
  });
});

describe('sallyport certs revoke', () => {
  beforeEach(async () => {
    await done('init', ...acme);
    await done('issue', 'billing', '--spiffe', 'spiffe://acme/billing');
    await done('renew', 'billing');
  });

  it('revokes every certificate of a name, also one that was replaced', async () => {
    await done('revoke', 'billing');
    expect(await statesOf('billing')).toEqual(['revoked', 'revoked']);
    expect(await done('revoke', 'billing')).toMatch(/revoked already/);
  });

  it('revokes the one certificate of a serial number, however it is written', async () => {
    const [, replaced] = (await listed()).filter(({ name }) => name === 'billing');
    const typed = replaced?.serialNumber.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:') ?? '';
    await done('revoke', '--serial', typed);
    expect(await statesOf('billing')).toEqual(['valid', 'revoked']);
  });

  it.each([
    { args: [], code: 2, says: '--serial' },
    { args: ['billing', '--serial', '00'], code: 2, says: '--serial' },
    { args: ['orders'], code: 1, says: 'no certificate "orders"' },
    { args: ['--serial', '00'], code: 1, says: 'No certificate' },
    { args: ['billing', '--reason', 'lost'], code: 2, says: 'keyCompromise' },
  ])('refuses $args', async ({ args, code, says }) => {
    expect(await certs('revoke', ...args)).toMatchObject({ code, errors: expect.stringContaining(says) as string });
    expect(await statesOf('billing')).toEqual(['valid', 'replaced']);
  });

  it('stops at a record that is damaged instead of forgetting it', async () => {
    await done('revoke', 'billing');
    const [name = ''] = readdirSync(file('.revoked'));
    writeFileSync(file('.revoked', name), '{');
    const list = read('ca.crl');
    for (const command of ['crl', 'list'])
      expect(await certs(command)).toMatchObject({ code: 3, errors: expect.stringContaining('damaged') as string });
    expect(read('ca.crl')).toBe(list);
  });

  it('waits for a command that changes the same folder', async () => {
    const holder = new Worker(holdLock, { eval: true, workerData: file('.lock') });
    await once(holder, 'message');
    const startedAt = performance.now();
    await done('revoke', 'billing');
    expect(performance.now() - startedAt).toBeGreaterThan(150);
    await holder.terminate();
  });
});

/** Reads both files behind the link, and the one that holds both, as fast as it can. */
const readPairs = `
  const { createPrivateKey, X509Certificate } = require('node:crypto');
  const { readFileSync, realpathSync } = require('node:fs');
  const { parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads');
  const serials = new Set();
  let reads = 0;
  let mismatches = 0;
  const check = (cert, key) => {
    const certificate = new X509Certificate(cert);
    serials.add(certificate.serialNumber);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) mismatches += 1;
  };
  parentPort.postMessage('ready');
  while (receiveMessageOnPort(parentPort) === undefined) {
    const folder = realpathSync(workerData);
    check(readFileSync(folder + '/cert.pem'), readFileSync(folder + '/key.pem'));
    const pair = readFileSync(workerData + '/pair.pem');
    check(pair, pair);
    reads += 1;
  }
  parentPort.postMessage({ reads, mismatches, generations: serials.size });
`;

const holdLock = `
  const { DatabaseSync } = require('node:sqlite');
  const { parentPort, workerData } = require('node:worker_threads');
  const lock = new DatabaseSync(workerData);
  lock.exec('BEGIN EXCLUSIVE');
  parentPort.postMessage('held');
  setTimeout(() => lock.close(), 300);
`;
