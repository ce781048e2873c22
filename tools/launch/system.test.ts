import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProcessDefinition, ProcessName } from './demo-processes.ts';
import { isAlive } from '../processes/is-alive.ts';
import { ProcessFailure, startSystem, type RunningSystem } from './system.ts';

const fakeProcess = fileURLToPath(new URL('fake-process.ts', import.meta.url));
const systemModule = new URL('system.ts', import.meta.url).href;

let dataDir: string;
let system: RunningSystem | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'launch-'));
});

afterEach(async () => {
  await system?.stop();
  system = undefined;
  await rm(dataDir, { recursive: true, force: true });
});

describe('a system', () => {
  it('is ready when every process answers, and names what is behind the door', async () => {
    await writeFile(
      path.join(dataDir, 'demo-accounts.json'),
      JSON.stringify([{ email: 'a@example.com', password: 'x', roles: ['user'] }]),
    );
    system = await startSystem({
      dataDir,
      definitions: [fake('gateway'), fake('shop'), fake('shell'), fake('account')],
    });
    expect(system.services).toEqual([
      { name: 'shop', path: '/shop' },
      { name: 'shell', path: '/shell' },
      { name: 'account', path: '/account' },
    ]);
    expect(system.accounts).toEqual([{ email: 'a@example.com', password: 'x', roles: ['user'] }]);
    expect((await fetch(system.url)).status).toBe(200);
  });

  it('keeps the secrets of the gateway from the services', async () => {
    vi.stubEnv('SALLYPORT_SECRET', 'canary-secret');
    try {
      system = await startSystem({ dataDir, definitions: [fake('gateway'), fake('shop')] });
      expect(await environmentOf(system, 'gateway')).toContain('canary-secret');
      expect(await environmentOf(system, 'shop')).not.toContain('canary-secret');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('stops everything and says which process could not start, with its last lines', async () => {
    const start = startSystem({
      dataDir,
      definitions: [fake('gateway', { onExit: 'stop', behaviour: 'crash-at-start' }), fake('shell')],
    });
    const failure = await start.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ProcessFailure);
    expect(failure).toMatchObject({ message: 'gateway stopped (exit code 3)' });
    expect((failure as ProcessFailure).lastLines.join('\n')).toContain('the fake cannot start');
  });

  it('starts a crashed service again', async () => {
    const notices: string[] = [];
    system = await startSystem({
      dataDir,
      definitions: [fake('gateway'), fake('shop')],
      onNotice: (notice) => notices.push(notice),
    });
    const before = system.pid('shop');
    const url = await shopUrl(system);
    await fetch(`${url}/crash`).catch(() => undefined);
    await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), 10_000);
    expect(system.pid('shop')).not.toBe(before);
    expect(notices).toEqual(['shop stopped (exit code 7); starting it again']);
  });

  it('reports a lost gateway instead of starting it again', async () => {
    const lost = Promise.withResolvers<ProcessFailure>();
    system = await startSystem({ dataDir, definitions: [fake('gateway', { onExit: 'stop' })], onLost: lost.resolve });
    await fetch(`${system.url}/crash`).catch(() => undefined);
    expect((await lost.promise).message).toBe('gateway stopped (exit code 7)');
  });

  it('kills one process on request, leaves the others alone, and starts it again on request', async () => {
    system = await startSystem({ dataDir, definitions: [fake('gateway'), fake('shop')] });
    const url = await shopUrl(system);
    await system.kill('gateway');
    await expect(fetch(system.url)).rejects.toThrow();
    expect((await fetch(url)).status).toBe(200);
    await system.start('gateway');
    expect((await fetch(system.url)).status).toBe(200);
  });

  it('ends processes that ignore SIGTERM, and what they started', async () => {
    system = await startSystem({
      dataDir,
      definitions: [fake('gateway', { behaviour: 'grandchild' }), fake('shop', { behaviour: 'ignore-sigterm' })],
    });
    await vi.waitFor(() => expect(system?.lastLines('gateway').join()).toMatch(/grandchild \d+/));
    const grandchild = Number(/grandchild (\d+)/.exec(system.lastLines('gateway').join())?.[1]);
    const pids = [system.pid('gateway'), system.pid('shop'), grandchild];
    await system.stop();
    await vi.waitFor(() => expect(pids.filter((pid) => pid !== undefined && isAlive(pid))).toEqual([]));
  });

  it.skipIf(process.platform === 'win32')('leaves no process behind when the launcher is killed', async () => {
    const script = `
      const { startSystem } = await import(${JSON.stringify(systemModule)});
      const system = await startSystem({ dataDir: ${JSON.stringify(dataDir)}, definitions: [${definitionSource('gateway')}] });
      console.log(system.pid('gateway'));
      setInterval(() => {}, 1000);`;
    const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk] = (await once(launcher.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    expect(isAlive(pid)).toBe(true);
    launcher.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
  });

  it('writes what the processes print into one file each', async () => {
    system = await startSystem({ dataDir, definitions: [fake('gateway')] });
    await vi.waitFor(async () =>
      expect(await readFile(path.join(dataDir, 'logs', 'gateway.log'), 'utf8')).toContain('"listening"'),
    );
  });
});

interface FakeOptions {
  readonly behaviour?: string;
  readonly onExit?: 'stop' | 'restart';
}

function fake(name: ProcessName, { behaviour = '', onExit = 'restart' }: FakeOptions = {}): ProcessDefinition {
  return {
    name,
    cwd: dataDir,
    nodeArguments: [fakeProcess],
    environment: ({ publicPort, ports }) => ({
      PORT: String(name === 'gateway' ? publicPort : ports[name]),
      FAKE_BEHAVIOUR: behaviour,
      FAKE_SHOP_URL: `http://127.0.0.1:${ports.shop}`,
    }),
    healthUrl: ({ publicPort, ports }) => `http://127.0.0.1:${name === 'gateway' ? publicPort : ports[name]}/healthz`,
    ...(name === 'gateway' ? {} : { path: `/${name}` }),
    onExit,
  };
}

function definitionSource(name: ProcessName): string {
  return `{
    name: '${name}', cwd: '.', nodeArguments: [${JSON.stringify(fakeProcess)}], onExit: 'stop',
    environment: ({ publicPort }) => ({ PORT: String(publicPort) }),
    healthUrl: ({ publicUrl }) => publicUrl,
  }`;
}

async function shopUrl(running: RunningSystem): Promise<string> {
  const answer: unknown = await (await fetch(running.url)).json();
  return String((answer as { environment: { FAKE_SHOP_URL: string } }).environment.FAKE_SHOP_URL);
}

async function environmentOf(running: RunningSystem, name: 'gateway' | 'shop'): Promise<string> {
  return (await fetch(name === 'gateway' ? running.url : await shopUrl(running))).text();
}
