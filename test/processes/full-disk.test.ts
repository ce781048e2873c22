import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@sallyport/core';
import { parseConfig, readEnvironment, startGateway, type Gateway } from '@sallyport/server';
import { createTestPreset, testAccounts } from '@sallyport/server/test-support';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { folderPolicy } from './gateway-folder.ts';
import { sourcesOf } from './gateway-process.ts';
import { signIn } from './sign-in.ts';
import { mountSmallDisk, smallDiskAbsent, type SmallDisk } from '../../tools/processes/small-disk.ts';

vi.setConfig({ testTimeout: 90_000 });

const [account = { email: '', password: '' }] = testAccounts;
const stranger = 'stranger@example.test';
const password = 'five-unusual-kettles-marching';
const patience = { timeout: 20_000, interval: 100 };
const isAbsent = smallDiskAbsent !== undefined;
const why = isAbsent ? ` (${smallDiskAbsent})` : '';

describe.skipIf(isAbsent)(`a gateway whose data folder is on a full disk${why}`, () => {
  let disk: SmallDisk;
  let gateway: Gateway | undefined;
  let origin: string;
  const start = async (): Promise<void> => {
    const [port = 0] = await findFreePorts(1);
    const environment = readEnvironment({
      PORT: String(port),
      SALLYPORT_DATA_DIR: path.join(disk.folder, 'data'),
      SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
    });
    const preset = createTestPreset();
    const config = parseConfig(preset.configure(environment), 'test');
    gateway = await startGateway({ config, preset, environment, logger: silentLogger });
    origin = `http://localhost:${port}`;
  };
  beforeEach(async () => {
    disk = mountSmallDisk(24);
    await start();
  });
  afterEach(async () => {
    await gateway?.close();
    disk.remove();
  });

  const post = (to: string, body: object, cookie = ''): Promise<Response> =>
    fetch(`${origin}${to}`, {
      method: 'POST',
      headers: { origin, cookie, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const ready = async (): Promise<number> => (await fetch(`${origin}/readyz`)).status;
  const sessionOf = async (cookie: string): Promise<unknown> =>
    (await fetch(`${origin}/auth/session`, { headers: { cookie } })).json();
  const signInAs = ({ email, password: secret }: { readonly email: string; readonly password: string }) => ({
    email,
    password: secret,
  });
  /** Everything that needs to write, with a fresh cookie where one is needed. */
  const writes = [
    { name: 'a sign-in', path: '/auth/sign-in/email', body: signInAs(account) },
    { name: 'a wrong password', path: '/auth/sign-in/email', body: { ...signInAs(account), password } },
    { name: 'a sign-in of a stranger', path: '/auth/sign-in/email', body: { email: stranger, password } },
    { name: 'a sign-up', path: '/auth/sign-up/email', body: { name: 'New', email: stranger, password } },
    {
      name: 'a sign-up of a known address',
      path: '/auth/sign-up/email',
      body: { name: 'N', email: account.email, password },
    },
    { name: 'a reset', path: '/auth/request-password-reset', body: { email: account.email } },
    { name: 'a reset of a stranger', path: '/auth/request-password-reset', body: { email: stranger } },
    { name: 'another mail to a stranger', path: '/auth/send-verification-email', body: { email: stranger } },
    { name: 'a second factor', path: '/auth/second-factor/totp/start', body: {} },
    { name: 'a sign-out', path: '/auth/sign-out', body: {} },
  ] as const;

  it('refuses what has to be written with 503 and Retry-After, known address or not, and is not ready', async () => {
    const cookie = await signIn(origin, account);
    disk.fill();
    await expect.poll(ready, patience).toBe(503);
    for (const { name, path: to, body } of writes) {
      const answer = await post(to, body, cookie);
      const seen = { name, status: answer.status, code: ((await answer.json()) as { code: string }).code };
      expect(seen).toEqual({ name, status: 503, code: 'SP_STORE_UNAVAILABLE' });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    // What only reads is served.
    expect(await sessionOf(cookie)).toMatchObject({ status: 'signed-in' });
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
  });

  it('answers 503 before it has noticed, also in the middle of a transaction', async () => {
    const cookie = await signIn(origin, account);
    disk.fill();
    const answers = await Promise.all([
      post('/auth/sign-up/email', { name: 'New', email: stranger, password }),
      post('/auth/second-factor/totp/start', {}, cookie),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
  });

  it('is ready again when there is room, without a restart, and takes everything that it refused', async () => {
    const cookie = await signIn(origin, account);
    disk.fill();
    await expect.poll(ready, patience).toBe(503);
    expect((await post('/auth/sign-out', {}, cookie)).status).toBe(503);
    disk.free();
    await expect.poll(ready, patience).toBe(200);
    expect(await sessionOf(cookie)).toMatchObject({ status: 'signed-in' });
    expect((await post('/auth/sign-up/email', { name: 'New', email: stranger, password })).status).toBe(200);
    expect((await post('/auth/request-password-reset', { email: account.email })).status).toBe(200);
    expect((await post('/auth/sign-out', {}, cookie)).status).toBe(204);
    expect(await sessionOf(cookie)).toMatchObject({ status: 'signed-out' });
    expect(await sessionOf(await signIn(origin, account))).toMatchObject({ status: 'signed-in' });
  });

  it('starts again afterwards: nothing that was half written is in the way', async () => {
    for (let round = 0; round < 4; round += 1) {
      const cookie = await signIn(origin, account);
      disk.fill();
      expect((await post('/auth/sign-out', {}, cookie)).status).toBe(503);
      disk.free();
      expect((await post('/auth/sign-out', {}, cookie)).status).toBe(204);
    }
    await gateway?.close();
    await start();
    expect(await ready()).toBe(200);
  });
});

describe.skipIf(isAbsent)(`a gateway whose log cannot be written${why}`, () => {
  let folder: string;
  let disk: SmallDisk;
  let child: ChildProcess | undefined;
  let origin: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sallyport-log-'));
    disk = mountSmallDisk(2);
  });
  afterEach(async () => {
    if (child !== undefined && isRunning(child)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    disk.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (stdout: number | 'pipe'): Promise<ChildProcess> => {
    const [port = 0] = await findFreePorts(1);
    origin = `http://localhost:${port}`;
    const config = {
      publicUrl: origin,
      listen: { port },
      mail: { from: 'Sallyport <no-reply@localhost>' },
      admin: { port: 0 },
      policy: folderPolicy,
      routes: [{ name: 'open', prefix: '/open', upstream: 'http://127.0.0.1:9', audience: 'open', access: 'public' }],
    };
    writeFileSync(path.join(folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
    const [program = '', ...parameters] = sourcesOf('packages/cli/src/main.ts');
    child = spawn(program, [...parameters, 'start'], {
      cwd: folder,
      env: {
        SALLYPORT_DATA_DIR: path.join(folder, 'data'),
        SALLYPORT_SECRET: randomBytes(32).toString('base64url'),
        SMTP_URL: 'smtp://127.0.0.1:9',
      },
      stdio: ['ignore', stdout, 'pipe'],
    });
    await expect.poll(ready, { ...patience, timeout: 60_000 }).toBe(200);
    return child;
  };
  const ready = async (): Promise<number> => {
    try {
      return (await fetch(`${origin}/readyz`)).status;
    } catch {
      return 0;
    }
  };
  const visit = async (times: number): Promise<void> => {
    for (let count = 0; count < times; count += 1) await (await fetch(`${origin}/open`)).arrayBuffer();
  };
  const lostLines = async (): Promise<number> => {
    const address = readFileSync(path.join(folder, 'data', 'admin-address'), 'utf8').trim();
    const text = await (await fetch(`${address}/metrics`)).text();
    return Number(/^sallyport_log_lines_lost(?:\{.*\})? (\d+)/m.exec(text)?.[1]);
  };

  it('serves on when the disk of its log is full, counts the lines, and writes on when there is room', async () => {
    const file = path.join(disk.folder, 'gateway.log');
    const descriptor = openSync(file, 'a');
    const gateway = await start(descriptor);
    closeSync(descriptor);
    disk.fill();
    await visit(40);
    await expect.poll(lostLines, patience).toBeGreaterThan(0);
    expect(isRunning(gateway)).toBe(true);
    disk.free();
    await visit(1);
    await expect.poll(() => readFileSync(file, 'utf8'), patience).toMatch(/"event":"log-lines-lost","lost":\d+/);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    // At most the line in which the disk became full is torn; each of the others is whole.
    expect(lines.filter((line) => !isJson(line)).length).toBeLessThanOrEqual(1);
    expect(await ready()).toBe(200);
  });

  it('serves on when the reader of its log has died, and counts the lines', async () => {
    const gateway = await start('pipe');
    gateway.stdout?.destroy();
    await visit(3);
    await expect.poll(lostLines, patience).toBeGreaterThan(0);
    await visit(3);
    expect(isRunning(gateway)).toBe(true);
    expect(await ready()).toBe(200);
  });

  it('serves on when the readers of its log and of its errors have died, and drains when it is told to', async () => {
    const gateway = await start('pipe');
    gateway.stdout?.destroy();
    gateway.stderr?.destroy();
    await visit(3);
    expect(await ready()).toBe(200);
    const ended = once(gateway, 'exit');
    gateway.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });
});

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
