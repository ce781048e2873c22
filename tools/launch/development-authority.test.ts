import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAuthority } from './certificate-authority.ts';
import { openDevelopmentAuthority } from './development-authority.ts';
import { statusOf } from './wait-until-ready.ts';

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'development-authority-'));
});

afterEach(async () => rm(dataDir, { recursive: true }));

describe('the development authority', () => {
  it('makes a certificate that holds for this machine', async () => {
    const files = await openDevelopmentAuthority(dataDir);
    const answers = await serveAndAsk(files, ['localhost']);
    expect(answers).toEqual([200]);
    const leaf = new X509Certificate(await readFile(files.certFile));
    for (const address of ['127.0.0.1', '::1']) expect(leaf.checkIP(address)).toBe(address);
    expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBeLessThanOrEqual(397 * 86_400_000);
  });

  it('is the same at the next start', async () => {
    const first = await contentsOf(await openDevelopmentAuthority(dataDir));
    expect(await contentsOf(await openDevelopmentAuthority(dataDir))).toEqual(first);
  });

  it('signs anew what was damaged or mixed up, and stays trusted', async () => {
    const files = await openDevelopmentAuthority(dataDir);
    const [authority] = await contentsOf(files);
    for (const file of [files.certFile, files.keyFile]) {
      await writeFile(file, 'half a');
      const [authorityAfter] = await contentsOf(await openDevelopmentAuthority(dataDir));
      expect(authorityAfter).toBe(authority);
      expect(await serveAndAsk(files, ['localhost'])).toEqual([200]);
    }
  });

  it('signs anew what is about to expire', async () => {
    const files = await openDevelopmentAuthority(dataDir);
    const authority = await readAuthority(
      await readFile(files.caFile, 'utf8'),
      await readFile(path.join(dataDir, 'tls', 'authority-key.pem'), 'utf8'),
    );
    const old = await authority.issue({ names: { dns: ['localhost'], ip: [] }, days: 29 });
    await writeFile(files.certFile, old.certificate);
    await writeFile(files.keyFile, old.privateKey);
    await openDevelopmentAuthority(dataDir);
    const { validToDate } = new X509Certificate(await readFile(files.certFile));
    expect(validToDate.getTime() - Date.now()).toBeGreaterThan(300 * 86_400_000);
  });

  it('cannot vouch for any other machine, not even with its key', async () => {
    const files = await openDevelopmentAuthority(dataDir);
    const authority = await readAuthority(
      await readFile(files.caFile, 'utf8'),
      await readFile(path.join(dataDir, 'tls', 'authority-key.pem'), 'utf8'),
    );
    const evil = await authority.issue({ names: { dns: ['app.test', 'localhost'], ip: [] }, days: 10 });
    await writeFile(files.certFile, evil.certificate);
    await writeFile(files.keyFile, evil.privateKey);
    expect(await serveAndAsk(files, ['app.test', 'localhost'])).toEqual([undefined, undefined]);
  });

  it.skipIf(process.platform === 'win32')('keeps its keys to their owner', async () => {
    const files = await openDevelopmentAuthority(dataDir);
    const modes = await Promise.all(
      [files.keyFile, path.join(dataDir, 'tls', 'authority-key.pem')].map(async (file) => (await stat(file)).mode),
    );
    expect(modes.map((mode) => mode & 0o777)).toEqual([0o600, 0o600]);
  });
});

type Files = Awaited<ReturnType<typeof openDevelopmentAuthority>>;

async function contentsOf({ caFile, certFile, keyFile }: Files): Promise<readonly string[]> {
  return Promise.all([caFile, certFile, keyFile].map((file) => readFile(file, 'utf8')));
}

/** Serves with the certificate, and asks under each name with trust in nothing but the authority. */
async function serveAndAsk(files: Files, names: readonly string[]): Promise<readonly (number | undefined)[]> {
  const [ca = '', cert = '', key = ''] = await contentsOf(files);
  const server = createServer({ cert, key }, (_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return await Promise.all(names.map((name) => statusOf({ url: `https://${name}:${port}/`, authority: ca })));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
