import path from 'node:path';
import { buildSystem } from '../build/build-system.ts';
import { createProgress } from '../build/progress.ts';
import { onStopRequest } from '../processes/stop-requests.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { openDevelopmentAuthority } from './development-authority.ts';
import { parsePort, requireFreePort } from './public-port.ts';
import { reportStartFailure } from './report-start-failure.ts';
import { parseStartOptions, startHelp, type StartOptions } from './start-options.ts';
import { toJsonLine, toStartTable } from './start-summary.ts';
import { startSystem, type ProcessFailure, type RunningSystem } from './system.ts';

const startedAt = performance.now();
// The system runs on when nothing takes what is printed: a terminal that closed, a file on a full disk.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const stopping = new AbortController();
let system: RunningSystem | undefined;
let starting: Promise<unknown> = Promise.resolve();

onStopRequest(async () => {
  stopping.abort();
  // A start that is under way stops what it has started before it rejects.
  await starting.catch(() => undefined);
  await system?.stop();
}, console.error);

try {
  const options = parseStartOptions(process.argv.slice(2));
  if (options.help) console.log(startHelp);
  else {
    starting = start(options);
    await starting;
    if (system !== undefined) console.log(options.json ? toJsonLine(system) : toStartTable(system, elapsedSeconds()));
  }
} catch (error) {
  if (!stopping.signal.aborted) {
    reportStartFailure(error);
    process.exit(1);
  }
}

async function start({ https, port = parsePort(process.env['PORT']) }: StartOptions): Promise<void> {
  await requireFreePort(port);
  // The table or the JSON line alone goes to stdout.
  const progress = createProgress(process.stderr);
  await buildSystem({ root: workspaceRoot, progress, signal: stopping.signal });
  await progress.step('Starting', async () => {
    const dataDir = path.resolve(workspaceRoot, process.env['SALLYPORT_DATA_DIR'] ?? '.sallyport');
    system = await startSystem({
      dataDir,
      port,
      ...(https ? { tls: await openDevelopmentAuthority(dataDir) } : {}),
      signal: stopping.signal,
      onNotice: (notice) => console.error(notice),
      onLost: (failure) => void stopBecause(failure),
    });
  });
}

async function stopBecause(failure: ProcessFailure): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  reportStartFailure(failure);
  await system?.stop();
  process.exit(1);
}

function elapsedSeconds(): number {
  return (performance.now() - startedAt) / 1000;
}
