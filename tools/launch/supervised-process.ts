import { outputEnded, spawnTree, type ProcessTree } from '../processes/process-tree.ts';
import type { ProcessLog } from './process-log.ts';

const exitWithParent = new URL('exit-with-parent.ts', import.meta.url).href;
const graceMilliseconds = 1000;
const firstBackOffMilliseconds = 250;
const restartWindowMilliseconds = 60_000;
const maximumRestartsInWindow = 5;

export interface SupervisedProcessOptions {
  readonly name: string;
  readonly nodeArguments: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: ProcessLog;
  /** What an unexpected end means: the system stops, or the process is started again (at most five times a minute). */
  readonly onExit: 'stop' | 'restart';
  /** Called when the process ended and will not come back. */
  readonly onLost: (reason: string) => void;
  /** Called when the process ended and will be started again. */
  readonly onRestart: (reason: string) => void;
}

/** One process of the system: started, watched, restarted and stopped. */
export interface SupervisedProcess {
  readonly name: string;
  readonly pid: number | undefined;
  readonly isRunning: boolean;
  start(): void;
  /** Ends the process in an orderly way; resolves when it has gone. It stays away until `start`. */
  stop(): Promise<void>;
  /** Sends a signal, as an accident would; it stays away until `start`. Resolves when the process has gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Prepares a process; nothing runs before `start`. */
export function createSupervisedProcess(options: SupervisedProcessOptions): SupervisedProcess {
  const { name, log } = options;
  let tree: ProcessTree | undefined;
  let isWanted = false;
  let restartTimer: NodeJS.Timeout | undefined;
  const restarts: number[] = [];

  function start(): void {
    isWanted = true;
    clearTimeout(restartTimer);
    if (tree !== undefined) return;
    const started = spawnTree(
      ['--disable-warning=ExperimentalWarning', '--import', exitWithParent, ...options.nodeArguments],
      {
        cwd: options.cwd,
        env: { ...options.environment, LAUNCHER_PID: String(process.pid) },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    tree = started;
    started.child.stdout?.on('data', (chunk: Buffer) => log.write(chunk));
    started.child.stderr?.on('data', (chunk: Buffer) => log.write(chunk));
    void started.exited.then(async ({ code, signal }) => {
      if (tree === started) tree = undefined;
      await outputEnded(started.child);
      if (isWanted && tree === undefined) onUnexpectedEnd(signal === null ? `exit code ${code}` : signal);
    });
  }

  function onUnexpectedEnd(reason: string): void {
    const now = performance.now();
    while (restarts[0] !== undefined && now - restarts[0] > restartWindowMilliseconds) restarts.shift();
    if (options.onExit === 'stop' || restarts.length >= maximumRestartsInWindow) {
      isWanted = false;
      options.onLost(reason);
      return;
    }
    options.onRestart(reason);
    restartTimer = setTimeout(start, firstBackOffMilliseconds * 2 ** restarts.length);
    restarts.push(now);
  }

  return {
    name,
    get pid() {
      return tree?.child.pid;
    },
    get isRunning() {
      return tree !== undefined;
    },
    start,
    async stop() {
      isWanted = false;
      clearTimeout(restartTimer);
      await tree?.terminate(graceMilliseconds);
    },
    async kill(signal) {
      isWanted = false;
      clearTimeout(restartTimer);
      tree?.kill(signal);
      await tree?.exited;
    },
  };
}
