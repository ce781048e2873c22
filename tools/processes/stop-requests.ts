import { killEveryTree } from './process-tree.ts';

/** Signals that arrive this close together are one request: npm repeats the Ctrl-C that the terminal already sent. */
const sameRequestMilliseconds = 400;

/**
 * Calls `stop` on the first Ctrl-C, SIGTERM, closed terminal or death of npm; a second request kills everything at once.
 */
export function onStopRequest(stop: () => Promise<void>): void {
  let requestedAt: number | undefined;
  const request = () => {
    if (requestedAt === undefined) {
      requestedAt = performance.now();
      // A clean stop that was asked for is a success: npm would print an error report otherwise.
      void stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    } else if (performance.now() - requestedAt > sameRequestMilliseconds) {
      killEveryTree();
      process.exit(130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
  watchNpm(request);
}

/** npm forwards signals, but cannot forward SIGKILL: an orphan of npm stops by itself. */
function watchNpm(request: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    request();
  }, 500);
  timer.unref();
}
