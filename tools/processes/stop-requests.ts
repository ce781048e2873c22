import { readFileSync } from 'node:fs';
import { killEveryTree } from './process-tree.ts';

/** Signals that arrive this close together are one request: npm repeats the Ctrl-C that the terminal already sent. */
const sameRequestMilliseconds = 400;
const ancestorPollMilliseconds = 150;

/**
 * Calls `stop` on the first Ctrl-C, SIGTERM, closed terminal or death of npm; a second request kills everything at once.
 *
 * @param report shows a person what happens.
 */
export function onStopRequest(stop: () => Promise<void>, report: (sentence: string) => void = () => {}): void {
  let requestedAt: number | undefined;
  const request = () => {
    if (requestedAt === undefined) {
      requestedAt = performance.now();
      report('\nStopping everything. Ctrl-C again ends it at once.');
      // A clean stop that was asked for is a success: npm would print an error report otherwise.
      void stop().then(
        () => {
          report('Stopped.');
          process.exit(0);
        },
        () => process.exit(1),
      );
    } else if (performance.now() - requestedAt > sameRequestMilliseconds) {
      killEveryTree();
      report('Ended at once.');
      process.exit(130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
  watchNpm(request);
}

/** npm forwards signals to the shell that it starts, not to us, and cannot forward SIGKILL: its orphan stops by itself. */
function watchNpm(request: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  const ancestors = readAncestors();
  const timer = setInterval(() => {
    if (readAncestors() === ancestors) return;
    clearInterval(timer);
    request();
  }, ancestorPollMilliseconds);
  timer.unref();
}

/** Who started this process: npm, or the shell that npm started and npm. */
function readAncestors(): string {
  const parent = process.ppid;
  try {
    // "pid (name) state parent …": only Linux has it, and only there npm's shell stays between.
    const [, name = '', grandparent = ''] =
      /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${parent}/stat`, 'utf8')) ?? [];
    return /^(?:ba|da|a)?sh$/.test(name) ? `${parent} ${grandparent}` : String(parent);
  } catch {
    return String(parent);
  }
}
