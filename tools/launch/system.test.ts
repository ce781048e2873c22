import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { upstreamVariable, type UpstreamName } from '../../demo/topology.ts';
import { demoProcesses, type Addresses, type ProcessDefinition, type ProcessName } from './demo-processes.ts';
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
  it('is ready when every process answers, and names what is behind the gateway', async () => {
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

describe('two gateways', () => {
  const stores = { databaseUrl: 'postgres://db', redisUrl: 'redis://cache', mongodbUrl: 'mongodb://products' };

  beforeEach(async () => {
    system = await startSystem({ dataDir, gateways: 2, stores, definitions: fakesOfTheDemo() });
  });

  it('answer in turn at one address, with the same stores, secret and mailbox, and a data folder each', async () => {
    const [first, second] = [await ask(running().url), await ask(running().url)];
    expect(new Set([first.pid, second.pid])).toEqual(new Set([running().pid('gateway'), running().pid('gateway-2')]));
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'SALLYPORT_SECRET', 'SALLYPORT_PUBLIC_URL', 'SMTP_URL']) {
      expect(first.environment[name]).toMatch(/./);
      expect(second.environment[name]).toBe(first.environment[name]);
    }
    expect(first.environment).toMatchObject({ DATABASE_URL: 'postgres://db', REDIS_URL: 'redis://cache' });
    expect(first.environment).not.toHaveProperty('MONGODB_URL');
    expect(first.environment['SALLYPORT_DATA_DIR']).not.toBe(second.environment['SALLYPORT_DATA_DIR']);
    expect(first.environment['SALLYPORT_INTERNAL_PORT']).not.toBe(second.environment['SALLYPORT_INTERNAL_PORT']);
  });

  it('keep their stores and their secret from the services, which know one internal address', async () => {
    const { environment } = await ask((await ask(running().url)).environment[upstreamVariable('shop')] ?? '');
    expect(environment).toMatchObject({ MONGODB_URL: 'mongodb://products' });
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'SALLYPORT_SECRET']) expect(environment).not.toHaveProperty(name);
    const internal = new URL(environment['SALLYPORT_INTERNAL_URL'] ?? '').port;
    expect(running().gateways.map(({ internalPort }) => String(internalPort))).not.toContain(internal);
  });

  it('stand in for one another: one is killed, the other answers, and both do when it is back', async () => {
    await running().kill('gateway');
    const alone = [await ask(running().url), await ask(running().url), await ask(running().url)];
    expect(new Set(alone.map(({ pid }) => pid))).toEqual(new Set([running().pid('gateway-2')]));
    await running().start('gateway');
    const both = [await ask(running().url), await ask(running().url)];
    expect(new Set(both.map(({ pid }) => pid)).size).toBe(2);
  });

  it('are chosen on request', async () => {
    running().routeTo('gateway-2');
    const answers = [await ask(running().url), await ask(running().url)];
    expect(new Set(answers.map(({ pid }) => pid))).toEqual(new Set([running().pid('gateway-2')]));
  });
});

it('one gateway keeps its own secret and its own mailbox, and takes the stores that it is given', async () => {
  const [gateway] = demoProcesses(dataDir).map((definition) => ({ ...definition, nodeArguments: [fakeProcess] }));
  system = await startSystem({
    dataDir,
    stores: { redisUrl: 'redis://cache' },
    definitions: [gateway ?? fake('gateway')],
  });
  const { environment } = await ask(system.url);
  expect(environment).toMatchObject({ REDIS_URL: 'redis://cache' });
  expect(environment).toHaveProperty('DEMO_MAILBOX_PORT');
  for (const name of ['DATABASE_URL', 'SALLYPORT_SECRET', 'SMTP_URL']) expect(environment).not.toHaveProperty(name);
});

function running(): RunningSystem {
  if (system === undefined) throw new Error('No system runs');
  return system;
}

interface FakeAnswer {
  readonly pid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** On a connection of its own. */
async function ask(url: string): Promise<FakeAnswer> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  return (await response.json()) as FakeAnswer; // What fake-process.ts answers.
}

interface FakeOptions {
  readonly behaviour?: string;
  readonly onExit?: 'stop' | 'restart';
}

function fake(
  name: 'gateway' | UpstreamName,
  { behaviour = '', onExit = 'restart' }: FakeOptions = {},
): ProcessDefinition {
  const portOf = ({ publicPort, ports }: Addresses) => (name === 'gateway' ? publicPort : ports[name]);
  return {
    name,
    cwd: dataDir,
    nodeArguments: [fakeProcess],
    environment: (addresses) => ({
      PORT: String(portOf(addresses)),
      FAKE_BEHAVIOUR: behaviour,
      FAKE_SHOP_URL: `http://127.0.0.1:${addresses.ports.shop}`,
    }),
    healthUrl: (addresses) => `http://127.0.0.1:${portOf(addresses)}/healthz`,
    ...(name === 'gateway' ? {} : { path: `/${name}` }),
    onExit,
  };
}

/** The processes of the demo with their environment, and fakes in their place. */
function fakesOfTheDemo(): readonly ProcessDefinition[] {
  return demoProcesses(dataDir, 2).map((definition) => ({ ...definition, cwd: dataDir, nodeArguments: [fakeProcess] }));
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
