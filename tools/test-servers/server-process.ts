import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawnTree, type ProcessTree } from '../processes/process-tree.ts';
import { findFreePorts } from '../launch/free-ports.ts';

const keeper = fileURLToPath(new URL('keeper.ts', import.meta.url));
const pollMilliseconds = 50;
const usualReadySeconds = 30;
const graceMilliseconds = 2000;
/** Another process may take a port between the search for a free one and the start. */
const startAttempts = 3;
/** After a kill, processes of the server that have not noticed yet hold on to its data for a moment. */
const restartAttempts = 10;

/** User and group by number; the programs of PostgreSQL refuse to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** What the keeper is told. */
export interface KeptServer {
  readonly program: string;
  readonly programArguments: readonly string[];
  readonly folder: string;
  readonly logFile: string;
  readonly endSignal: NodeJS.Signals;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: ServerUser | undefined;
}

export interface ServerProcessOptions {
  readonly name: string;
  readonly program: string;
  readonly programArguments: (port: number, folder: string) => readonly string[];
  /** Asked until it resolves to true. */
  readonly isReady: (port: number) => Promise<boolean>;
  /** How long that may take. @default 30 */
  readonly readySeconds?: number;
  /** Fills the new folder. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** What asks the server for an orderly end without waiting for its clients. @default SIGTERM */
  readonly endSignal?: NodeJS.Signals;
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: ServerUser | undefined;
}

/** A real server on a port of 127.0.0.1, with a folder of its own that goes with it. */
export interface ServerProcess {
  readonly port: number;
  /** The server itself; the processes that it starts follow it. */
  readonly pid: number;
  /** Ends the server as an accident would. Its port and its data stay for `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, and resolves when it is ready. */
  restart(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts a server and waits until it is ready.
 *
 * @throws Error with the last lines of its log when it ends or does not answer in time.
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  return withAttempts(startAttempts, () => startOnce(options));
}

async function startOnce(options: ServerProcessOptions): Promise<ServerProcess> {
  const { user } = options;
  const [port = 0] = await findFreePorts(1);
  const folder = mkdtempSync(path.join(tmpdir(), `sallyport-${options.name}-`));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const logFile = path.join(folder, 'server.log');
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);

  let running: Running | undefined;
  const start = async () => {
    running = await spawnKept({
      program: options.program,
      programArguments: options.programArguments(port, folder),
      folder,
      logFile,
      endSignal: options.endSignal ?? 'SIGTERM',
      environment: options.environment ?? {},
      user,
    });
    await untilReady(options, port, running.tree, logFile);
  };
  const stop = async () => {
    await running?.tree.terminate(graceMilliseconds);
    removeFolder();
    process.off('exit', removeFolder);
  };

  try {
    await options.prepare?.(folder);
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    get pid() {
      return running?.pid ?? 0;
    },
    async kill() {
      // The server alone: its keeper takes note of the end, so that no remains of it look like a running server.
      if (running !== undefined) killOne(running.pid);
      await running?.tree.exited;
    },
    restart: () => withAttempts(restartAttempts, start),
    stop,
  };
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}

async function withAttempts<Result>(count: number, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === count) throw error;
      await wait(pollMilliseconds * attempt);
    }
  }
}

interface Running {
  readonly tree: ProcessTree;
  readonly pid: number;
}

async function spawnKept(kept: KeptServer): Promise<Running> {
  const tree = spawnTree(['--disable-warning=ExperimentalWarning', keeper, JSON.stringify(kept)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const pid = await new Promise<number>((resolve) => {
    tree.child.once('message', (message) => resolve((message as { pid: number }).pid)); // The keeper sends nothing else.
    void tree.exited.then(() => resolve(0));
  });
  return { tree, pid };
}

async function untilReady(
  { name, isReady, readySeconds = usualReadySeconds }: ServerProcessOptions,
  port: number,
  tree: ProcessTree,
  logFile: string,
): Promise<void> {
  const deadline = performance.now() + readySeconds * 1000;
  let hasEnded = false;
  void tree.exited.then(() => (hasEnded = true));
  while (!(await isReady(port))) {
    if (hasEnded) throw new Error(`${name} ended at its start${lastLines(logFile)}`);
    if (performance.now() > deadline) throw new Error(`${name} does not answer${lastLines(logFile)}`);
    await wait(pollMilliseconds);
  }
}

function lastLines(file: string): string {
  try {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5);
    return `: ${lines.join(' | ')}`;
  } catch {
    return '';
  }
}
