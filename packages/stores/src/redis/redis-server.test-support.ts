import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A Redis of a test's own, to which anything may be done. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  readonly pid: number;
  /** Runs `redis-cli` against it, as its operator. */
  cli(...args: readonly string[]): Promise<string>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and folder. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether the servers of fault tests can be started here. */
export const hasRedisServer = spawnSync('redis-server', ['--version']).status === 0;

export interface RedisServerOptions {
  readonly arguments?: readonly string[];
  /** Comes before everything else. */
  readonly configurationFile?: string;
  /** @default a free one */
  readonly port?: number;
}

const run = promisify(execFile);

/** Starts a Redis in a folder of its own, and waits until it answers. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-redis-'));
  const file = options.configurationFile === undefined ? [] : [options.configurationFile];
  let child: ChildProcess;

  const cli = async (...args: readonly string[]): Promise<string> =>
    (await run('redis-cli', ['-p', String(port), ...args], { timeout: 10_000 })).stdout.trim();
  const start = async (): Promise<void> => {
    const own = [...file, '--port', String(port), '--save', '', '--dir', folder, '--bind', '127.0.0.1'];
    child = spawn('redis-server', [...own, ...(options.arguments ?? [])], { stdio: 'ignore' });
    const deadline = performance.now() + 15_000;
    while (!(await cli('PING').then(isAnswer, () => false))) {
      if (performance.now() > deadline || child.exitCode !== null) throw new Error('redis-server did not start');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  await start();

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    get pid() {
      return child.pid ?? 0;
    },
    cli,
    kill,
    start,
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isAnswer(text: string): boolean {
  return text === 'PONG' || text.startsWith('NOAUTH');
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
