import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { workspaceRoot } from '../../tools/workspace-root.ts';

/** What is started, and where. */
export interface GatewayStart {
  /** The program with everything before and behind it. @default `sallyport start` from its sources */
  readonly command?: readonly string[];
  /** Working folder: a configuration file is looked for in it. */
  readonly cwd?: string;
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether there is a channel for messages. @default false */
  readonly hasChannel?: boolean;
  /** Lines of output that are kept. @default all */
  readonly keptLines?: number;
  /** Called with what the process printed when it ends without having been asked to. */
  readonly onLost?: (reason: string) => void;
}

/** A gateway in a process of its own. */
export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  readonly origin: string;
  readonly internalOrigin: string;
  /** From the start of the process to that line. */
  readonly readyAfterMilliseconds: number;
  /** Its log. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** The end of everything that it printed. */
  lastLines(): readonly string[];
  /** Resolves to its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end and waits; kills it when it takes longer than the grace. */
  stop(graceMilliseconds?: number): Promise<void>;
}

const living = new Set<ChildProcess>();
// A failed run leaves no gateway behind.
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** The command that runs a program of ours from its sources. */
export function sourcesOf(program: string): readonly string[] {
  const file = path.resolve(workspaceRoot, program);
  return [process.execPath, '--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning', file];
}

function startCommand(): readonly string[] {
  return [...sourcesOf('packages/cli/src/main.ts'), 'start'];
}

/** The command that runs a program of ours as it was built, with more options for Node. */
export function buildOf(program: string, nodeOptions: readonly string[] = []): readonly string[] {
  return [
    process.execPath,
    ...nodeOptions,
    '--disable-warning=ExperimentalWarning',
    path.resolve(workspaceRoot, program),
  ];
}

/** Starts a gateway and waits until it serves. Rejects with what it printed when it ends before that. */
export async function startGatewayProcess(start: GatewayStart): Promise<GatewayProcess> {
  const { command = startCommand(), hasChannel = false, keptLines = Infinity } = start;
  const [program = process.execPath, ...parameters] = command;
  const startedAt = performance.now();
  const child = spawn(program, parameters, {
    cwd: start.cwd,
    env: start.environment,
    stdio: ['ignore', 'pipe', 'pipe', ...(hasChannel ? (['ipc'] as const) : [])],
  });
  living.add(child);
  const printed: string[] = [];
  const ready = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null)
      createInterface(stream).on('line', (line) => {
        printed.push(line);
        if (printed.length > keptLines) printed.shift();
        if (line.includes('"gateway ready"')) ready.resolve(line);
      });
  let isWanted = true;
  child.once('error', ready.reject);
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      living.delete(child);
      const reason = `the gateway ended (${signal ?? code}):\n${printed.join('\n')}`;
      ready.reject(new Error(reason));
      if (isWanted) start.onLost?.(reason);
      resolve(code ?? signal ?? 'unknown');
    });
  });
  // The line of its log that says that it serves.
  const { port, internalPort } = JSON.parse(await ready.promise) as { port: number; internalPort: number };
  const readyAfterMilliseconds = performance.now() - startedAt;
  return {
    child,
    pid: child.pid ?? 0,
    port,
    origin: `http://localhost:${port}`,
    internalOrigin: `http://127.0.0.1:${internalPort}`,
    readyAfterMilliseconds,
    get lines() {
      return printed.filter(isLogLine).map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>);
    },
    lastLines: () => printed.slice(-200),
    ended,
    signal: (name) => {
      isWanted = false;
      child.kill(name);
    },
    stop: async (graceMilliseconds = 60_000) => {
      isWanted = false;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const grace = new AbortController();
      await Promise.race([exited, wait(graceMilliseconds, undefined, { signal: grace.signal })]);
      grace.abort();
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function isLogLine(text: string): boolean {
  return text.startsWith('{');
}
