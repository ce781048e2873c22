import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process and everything that it starts. */
export interface ProcessTree {
  readonly child: ChildProcess;
  readonly exited: Promise<ExitStatus>;
  /** Sends a signal to the process and to everything it started. */
  kill(signal: NodeJS.Signals): void;
  /** Asks for an orderly end, and kills what is left after the grace period. */
  terminate(graceMilliseconds: number): Promise<void>;
}

const isWindows = process.platform === 'win32';
const living = new Set<ProcessTree>();

// Whatever way this process ends while it can still run code, nothing that it started stays behind.
process.once('exit', killEveryTree);

/** Starts Node on a script, in a process group of its own, so that a terminal's Ctrl-C reaches only this process. */
export function spawnTree(nodeArguments: readonly string[], options: SpawnOptions): ProcessTree {
  const child = spawn(process.execPath, nodeArguments, { ...options, detached: !isWindows, windowsHide: true });
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 1, signal: null }));
  });
  const tree: ProcessTree = {
    child,
    exited,
    kill: (signal) => signalTree(child, signal),
    terminate: async (graceMilliseconds) => {
      if (child.exitCode === null && child.signalCode === null) {
        requestEnd(child);
        await Promise.race([exited, delay(graceMilliseconds)]);
      }
      signalTree(child, 'SIGKILL');
      await exited;
    },
  };
  living.add(tree);
  void exited.then(() => {
    // The leader is gone; what it started and left behind goes too.
    if (!isWindows) signalTree(child, 'SIGKILL');
    living.delete(tree);
  });
  return tree;
}

/** Kills everything at once, without waiting. */
export function killEveryTree(): void {
  for (const tree of living) tree.kill('SIGKILL');
}

/** Resolves once the output of the process was read to its end. */
export async function outputEnded(child: ChildProcess): Promise<void> {
  const ended = async (stream: Readable | null) => {
    if (stream !== null && !stream.closed) await once(stream, 'close').catch(() => undefined);
  };
  await Promise.all([ended(child.stdout), ended(child.stderr)]);
}

function requestEnd(child: ChildProcess): void {
  // Windows has no SIGTERM: a child with a channel sees it close and ends by itself (exit-with-parent.ts).
  if (isWindows && child.connected) child.disconnect();
  else signalTree(child, 'SIGTERM');
}

function signalTree(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (isWindows) {
    if (child.exitCode === null) spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Everybody in the group has gone already.
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
