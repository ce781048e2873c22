import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createProgress } from '../build/progress.ts';
import { isAlive } from '../processes/is-alive.ts';
import { findMongoSource, startMongo } from './mongodb.ts';
import { startNats } from './nats.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';
import type { RunningServer, TestServer } from './test-server.ts';
import { startTestServers } from './test-servers.ts';

const moduleUrl = new URL('server-process.ts', import.meta.url).href;
const servers: RunningServer[] = [];
const quiet = createProgress({ write: () => undefined });

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** Stands in for a store where none is installed: listens, and answers nothing. */
const listener = (port: number): readonly string[] => [
  '-e',
  `require('node:net').createServer().listen(${port}, '127.0.0.1')`,
];

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

async function startListener(): Promise<ServerProcess> {
  return startServerProcess({
    name: 'listener',
    program: process.execPath,
    programArguments: listener,
    isReady: isListening,
  });
}

describe('a server of the tests', () => {
  it('is there until it is stopped, and leaves nothing behind', async () => {
    const before = foldersOf('listener');
    const server = await startListener();
    expect(await isListening(server.port)).toBe(true);
    await server.stop();
    expect(await isListening(server.port)).toBe(false);
    expect(isAlive(server.pid)).toBe(false);
    expect(foldersOf('listener')).toEqual(before);
  });

  it('comes back on the same port after it was killed', async () => {
    const server = await startListener();
    const first = server.pid;
    await server.kill();
    expect(await isListening(server.port)).toBe(false);
    await server.restart();
    expect(await isListening(server.port)).toBe(true);
    expect(server.pid).not.toBe(first);
    await server.stop();
  });

  it('says what it printed when it does not start', async () => {
    const start = startServerProcess({
      name: 'broken',
      program: process.execPath,
      programArguments: () => ['-e', 'console.error("no room on the disk"); process.exit(1)'],
      isReady: isListening,
    });
    await expect(start).rejects.toThrow(/broken ended at its start: .*no room on the disk/);
    expect(foldersOf('broken')).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('ends with its parent, even by kill -9, and so does its folder', async () => {
    const script = `
      const { startServerProcess } = await import(${JSON.stringify(moduleUrl)});
      const server = await startServerProcess({
        name: 'orphan', program: process.execPath, isReady: async () => true,
        programArguments: () => ['-e', 'setInterval(() => {}, 1000)'],
      });
      console.log(server.pid);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk] = (await once(starter.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    expect(isAlive(pid)).toBe(true);
    expect(foldersOf('orphan')).toHaveLength(1);
    starter.kill('SIGKILL');
    await vi.waitFor(() => {
      expect(isAlive(pid)).toBe(false);
      expect(foldersOf('orphan')).toEqual([]);
    }, 10_000);
  });
});

describe('each store, where this machine has it,', () => {
  it.each([
    { name: 'Redis', start: () => startRedis(), url: /^redis:\/\/127\.0\.0\.1:\d+$/ },
    { name: 'NATS', start: () => startNats(), url: /^nats:\/\/127\.0\.0\.1:\d+$/ },
    { name: 'PostgreSQL', start: () => startPostgres(), url: /^postgres:\/\/\w+@127\.0\.0\.1:\d+\/postgres$/ },
    { name: 'MongoDB', start: startMongoIfPresent, url: /^mongodb(?:\+srv)?:\/\// },
  ])('starts: $name', async ({ start, url }) => {
    const server = await start();
    if (server.kind === 'absent') return expect(server.reason).not.toBe('');
    servers.push(server);
    expect(server.url).toMatch(url);
    if (server.process !== undefined) expect(await isListening(server.process.port)).toBe(true);
  });
});

describe('the servers of a run', () => {
  it('hand on what was given, and say why the others are not there', async () => {
    const started = await startTestServers({
      progress: quiet,
      signal: new AbortController().signal,
      environment: {
        TEST_REDIS_URL: 'redis://somewhere',
        TEST_POSTGRES_URL: 'postgres://somewhere',
        MONGODB_URL: 'mongodb://somewhere',
      },
    });
    expect(started.environment).toEqual({
      TEST_REDIS_URL: 'redis://somewhere',
      TEST_POSTGRES_URL: 'postgres://somewhere',
      TEST_MONGODB_URL: 'mongodb://somewhere',
    });
    expect(started.absent).toEqual({});
    await started.stop();
  });
});

describe('a MongoDB', () => {
  it('is absent without an address and without a program', () => {
    expect(findMongoSource({ PATH: '', XDG_CACHE_HOME: '/nowhere' })).toMatchObject(
      // Go has a usual place beside the search path.
      existsSync('/usr/local/go/bin/go') ? { kind: 'ferretdb-to-build' } : { kind: 'none' },
    );
  });

  it.skipIf(process.platform === 'win32')('is the one that was given, else mongod, else FerretDB', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'programs-'));
    const place = (name: string): string => {
      const file = path.join(folder, name);
      writeFileSync(file, '');
      chmodSync(file, 0o755);
      return file;
    };
    const ferretdb = place('ferretdb');
    expect(findMongoSource({ PATH: folder })).toEqual({ kind: 'ferretdb', program: ferretdb });
    const mongod = place('mongod');
    expect(findMongoSource({ PATH: folder })).toEqual({ kind: 'mongod', program: mongod });
    expect(findMongoSource({ PATH: folder, MONGODB_URL: 'mongodb://x' })).toEqual({
      kind: 'given',
      url: 'mongodb://x',
    });
    rmSync(folder, { recursive: true });
  });
});

/** Building FerretDB takes minutes: the run does it where it is wanted, not this test. */
async function startMongoIfPresent(): Promise<TestServer> {
  const source = findMongoSource();
  return startMongo(source.kind === 'ferretdb-to-build' ? { kind: 'none', reason: 'not built yet' } : source);
}

function foldersOf(name: string): readonly string[] {
  return readdirSync(tmpdir()).filter((entry) => entry.startsWith(`sallyport-${name}-`));
}
