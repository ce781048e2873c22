import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A command and everything that it starts. */
export interface ProcessGroup {
  readonly name: string;
  /** Resolves when the command has ended, and its output was read. */
  readonly ended: Promise<{ readonly code: number | null }>;
  /** Asks the command alone to read its configuration again (SIGHUP). Windows has no such signal. */
  reload(): void;
  /** Asks for an orderly end. */
  stop(): void;
  /** Ends it at once, with all that it started. */
  kill(): void;
}

/** What a group is started with. */
export interface GroupOptions {
  readonly name: string;
  /** A line for the shell, or a program with its arguments. */
  readonly command: string | readonly [program: string, ...words: string[]];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
}

const isWindows = process.platform === 'win32';

/** Starts a command in a group of its own, so that a Ctrl-C of the terminal reaches this process alone. */
export function startGroup({ name, command, folder, environment, onLine }: GroupOptions): ProcessGroup {
  const options = {
    cwd: folder,
    env: { ...environment },
    detached: !isWindows,
    windowsHide: true,
    stdio: ['ignore' as const, 'pipe' as const, 'pipe' as const],
  };
  const [program, ...words] = typeof command === 'string' ? [command] : command;
  const child =
    typeof command === 'string' ? spawn(program, { ...options, shell: true }) : spawn(program, words, options);
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => onLine(withoutClearing(line)));
  const ended = new Promise<{ readonly code: number | null }>((resolve) => {
    child.once('error', (error) => {
      onLine(`cannot be started: ${error.message}`);
      resolve({ code: null });
    });
    child.once('close', (code) => resolve({ code }));
  });
  return {
    name,
    ended,
    reload: () => reload(child),
    stop: () => signal(child, 'SIGTERM'),
    kill: () => signal(child, 'SIGKILL'),
  };
}

/** Compilers that watch clear the screen, and with it what the others wrote. */
function withoutClearing(line: string): string {
  return line.replaceAll(/\u001B(?:c|\[[0-3]?J|\[H)/g, '');
}

function reload(child: ChildProcess): void {
  if (!isWindows && child.exitCode === null) child.kill('SIGHUP');
}

function signal(child: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  if (isWindows) {
    if (child.exitCode === null) spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  try {
    // The whole group: package managers do not pass signals on to what they run.
    process.kill(-child.pid, name);
  } catch {
    // All of it has gone already.
  }
}
