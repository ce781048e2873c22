import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LogFields, Logger } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CertificatePair, type CertificateWatch, openCertificate } from '@sallyport/server';
import type { CertificateRequest } from '../../tools/launch/certificate-authority.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';

const isWindows = process.platform === 'win32';
const looks = 25;

let folder: string;
let certFile: string;
let keyFile: string;
let replaced: CertificatePair[];
let lines: { readonly level: string; readonly message: string; readonly fields: LogFields | undefined }[];
let watch: CertificateWatch | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'certificate-files-'));
  ({ certFile, keyFile } = await createTestAuthority(path.join(folder, 'used')));
  replaced = [];
  lines = [];
});

afterEach(async () => {
  watch?.stop();
  await rm(folder, { recursive: true });
});

describe('the start', () => {
  it.each<{ name: string; change?: Partial<CertificateRequest>; spoil?: () => Promise<unknown>; problem: RegExp }>([
    { name: 'that has expired', change: { startsInDays: -20, days: 10 }, problem: /tls\.certFile +has expired/ },
    { name: 'that is not valid yet', change: { startsInDays: 2 }, problem: /not valid yet/ },
    { name: 'for another host', change: { names: { dns: ['other.test'], ip: [] } }, problem: /host of publicUrl/ },
    {
      name: 'for hosts below only',
      change: { names: { dns: ['*.app.test'], ip: [] } },
      problem: /host of publicUrl/,
    },
    {
      name: 'without the key that belongs to it',
      spoil: async () => {
        const other = await createTestAuthority(path.join(folder, 'other'));
        await writeFile(keyFile, await readFile(other.keyFile));
      },
      problem: /tls\.keyFile +does not belong/,
    },
    { name: 'that is missing', spoil: () => rm(certFile), problem: /tls\.certFile +names a file that cannot be read/ },
    { name: 'whose key is missing', spoil: () => rm(keyFile), problem: /tls\.keyFile +names a file/ },
    { name: 'that is something else', spoil: () => writeFile(certFile, 'canary'), problem: /holds no certificate/ },
    { name: 'whose key is something else', spoil: () => writeFile(keyFile, 'canary'), problem: /holds no private key/ },
    {
      name: 'whose key wants a password',
      spoil: () =>
        writeFile(keyFile, '-----BEGIN ENCRYPTED PRIVATE KEY-----\ncanary\n-----END ENCRYPTED PRIVATE KEY-----'),
      problem: /is encrypted/,
    },
  ])('is refused with a certificate $name', async ({ change, spoil, problem }) => {
    if (change !== undefined) await use(change);
    await spoil?.();
    expect(open).toThrow(problem);
    expect(open).not.toThrow(/canary|BEGIN/);
  });

  it.skipIf(isWindows).each([0o644, 0o604, 0o606, 0o777])('is refused with a key of mode %o', async (mode) => {
    await chmod(keyFile, mode);
    expect(open).toThrow(/tls\.keyFile +is open to every user/);
  });

  it.skipIf(isWindows).each([0o600, 0o400, 0o440])('goes well with a key of mode %o', async (mode) => {
    await chmod(keyFile, mode);
    expect(open().warnings()).toEqual([]);
  });

  it('goes well when a name above covers the host, and on an address', async () => {
    await use({ names: { dns: ['*.test'], ip: [] } });
    expect(() => open('https://a.app.test')).toThrow(/host of publicUrl/);
    await use({ names: { dns: ['*.app.test'], ip: ['192.0.2.1', '2001:db8::1'] } });
    for (const url of ['https://a.app.test:8443', 'https://192.0.2.1', 'https://[2001:db8::1]']) open(url);
  });

  it('warns two weeks before the end', async () => {
    await use({ days: 13 });
    expect(open().warnings()).toEqual(['certificate-expires-soon']);
    expect(lines).toMatchObject([{ level: 'warn', message: 'the certificate expires soon: renew it' }]);
  });

  it('of the process itself is refused, in words', async () => {
    await use({ startsInDays: -20, days: 10 });
    const { code, text } = await runGateway();
    expect(code).toBe(1);
    expect(text).toMatch(/tls\.certFile +has expired; renew it/);
    expect(text).not.toMatch(/\n +at /);
  });
});

describe('new files', () => {
  it('are used when they are written over the old ones', async () => {
    watching();
    await use();
    await vi.waitFor(async () => expect(replaced).toEqual([await pairOf(certFile, keyFile)]));
    expect(lines.at(-1)).toMatchObject({ level: 'info', message: 'the certificate was replaced' });
  });

  it('are used when they are renamed into place, one after the other', async () => {
    watching();
    const other = await createTestAuthority(path.join(folder, 'other'));
    await rename(other.certFile, certFile);
    await wait(looks * 3);
    expect(replaced).toEqual([]);
    await rename(other.keyFile, keyFile);
    await vi.waitFor(() => expect(replaced).toHaveLength(1));
  });

  it.skipIf(isWindows)('are used when a link is turned to another folder, as Kubernetes does', async () => {
    await symlink('used', path.join(folder, 'data'));
    certFile = path.join(folder, 'data', 'server.pem');
    keyFile = path.join(folder, 'data', 'server-key.pem');
    watching();
    for (const name of ['renewed', 'again']) {
      await createTestAuthority(path.join(folder, name));
      await symlink(name, path.join(folder, 'data.new'));
      await rename(path.join(folder, 'data.new'), path.join(folder, 'data'));
      await vi.waitFor(async () => expect(replaced.at(-1)).toEqual(await pairOf(certFile, keyFile)));
    }
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it.each<{ name: string; spoil: () => Promise<unknown>; problem: RegExp }>([
    {
      name: 'half written',
      spoil: async () => writeFile(certFile, (await readFile(certFile, 'utf8')).slice(0, 99)),
      problem: /holds no certificate/,
    },
    { name: 'empty', spoil: () => writeFile(keyFile, ''), problem: /holds no private key/ },
    { name: 'gone', spoil: () => rm(certFile), problem: /cannot be read/ },
    { name: 'expired', spoil: () => use({ startsInDays: -9, days: 8 }), problem: /has expired/ },
    {
      name: 'for another host',
      spoil: () => use({ names: { dns: ['other.test'], ip: [] } }),
      problem: /host of publicUrl/,
    },
  ])('that stay $name are reported once, and the old pair serves on', async ({ spoil, problem }) => {
    watching();
    await spoil();
    await vi.waitFor(() =>
      expect(lines).toMatchObject([{ level: 'error', fields: { problems: problemLike(problem) } }]),
    );
    expect(watch?.warnings()).toEqual(['certificate-not-replaced']);
    await wait(looks * 4);
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('BEGIN');
    expect(replaced).toEqual([]);

    await use();
    await vi.waitFor(() => expect(replaced).toHaveLength(1));
    expect(watch?.warnings()).toEqual([]);
  });

  it('are not asked for while nothing changes, and a touched file is the same file', async () => {
    watching();
    await writeFile(certFile, await readFile(certFile));
    await wait(looks * 4);
    expect([replaced, lines]).toEqual([[], []]);
  });
});

it('a certificate that was not renewed is reported again and again, and serves on', async () => {
  await use({ days: 15 });
  let time = Date.now();
  watching(() => new Date(time));
  for (const [days, message] of [
    [2, /expires soon/],
    [3, /expires soon/],
    [16, /has expired/],
  ] as const) {
    time = Date.now() + days * 86_400_000;
    await vi.waitFor(() => expect(lines.at(-1)?.message).toMatch(message));
    lines.length = 0;
  }
  expect(watch?.warnings()).toEqual(['certificate-expired']);
  expect(replaced).toEqual([]);
});

const logger: Logger = {
  info: (message, fields) => lines.push({ level: 'info', message, fields }),
  warn: (message, fields) => lines.push({ level: 'warn', message, fields }),
  error: (message, fields) => lines.push({ level: 'error', message, fields }),
};

function open(publicUrl = 'https://app.test', now?: () => Date): CertificateWatch {
  watch = openCertificate({
    files: { certFile, keyFile },
    publicUrl,
    logger,
    intervalMilliseconds: looks,
    ...(now === undefined ? {} : { now }),
  });
  return watch;
}

function watching(now?: () => Date): void {
  open('https://app.test', now).start((pair) => replaced.push(pair));
}

/** Puts a new pair where the old one is. */
async function use(change: Partial<CertificateRequest> = {}): Promise<void> {
  const made = await createTestAuthority(path.join(folder, 'made'), change);
  await writeFile(certFile, await readFile(made.certFile));
  await writeFile(keyFile, await readFile(made.keyFile), { mode: 0o600 });
}

async function pairOf(cert: string, key: string): Promise<CertificatePair> {
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}

function problemLike(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

async function wait(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function runGateway(): Promise<{ code: number; text: string }> {
  await mkdir(path.join(folder, 'run'));
  const child = spawn(
    process.execPath,
    ['--conditions=@sallyport/source', path.join(workspaceRoot, 'apps/gateway/src/main.ts')],
    {
      cwd: path.join(folder, 'run'),
      env: {
        PATH: process.env['PATH'],
        SALLYPORT_PUBLIC_URL: 'https://localhost:3000',
        SALLYPORT_DATA_DIR: path.join(folder, 'run'),
        SALLYPORT_TLS_CERT_FILE: certFile,
        SALLYPORT_TLS_KEY_FILE: keyFile,
        SALLYPORT_CONFIG: path.join(workspaceRoot, 'sallyport.config.ts'),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const chunks: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number];
  return { code, text: Buffer.concat(chunks).toString() };
}
