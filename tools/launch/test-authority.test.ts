import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAuthority, type TestAuthority } from './test-authority.ts';
import { statusOf } from './wait-until-ready.ts';

let folder: string;
let authority: TestAuthority;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'authority-'));
  authority = await createTestAuthority(folder);
});

afterAll(async () => rm(folder, { recursive: true }));

describe('the test authority', () => {
  it('signs a certificate that holds for localhost, app.test and 127.0.0.1, and for no other name', async () => {
    const server = createServer(
      { cert: await readFile(authority.certFile), key: await readFile(authority.keyFile) },
      (_request, response) => response.end(),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ca = await readFile(authority.caFile, 'utf8');
    try {
      expect(await statusOf({ url: `https://localhost:${port}/`, authority: ca })).toBe(200);
      expect(await statusOf({ url: `https://app.test:${port}/`, authority: ca })).toBe(200);
      expect(await statusOf({ url: `https://evil.test:${port}/`, authority: ca })).toBeUndefined();
      expect(await statusOf({ url: `https://localhost:${port}/` })).toBeUndefined();
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it.skipIf(process.platform === 'win32')('keeps its key to its owner', async () => {
    expect((await stat(authority.keyFile)).mode & 0o777).toBe(0o600);
  });

  it('names the public key the way Chromium wants it', () => {
    expect(authority.spkiHash).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });
});
