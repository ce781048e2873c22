import path from 'node:path';
import { topology } from '../../demo/topology.ts';
import { buildPackages } from '../build/build-system.ts';
import { createProgress } from '../build/progress.ts';
import { hashInputs } from '../build/input-hash.ts';
import { onStopRequest } from '../processes/stop-requests.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { demoProcesses, type ProcessDefinition, type ProcessName } from './demo-processes.ts';
import { openDevelopmentAuthority } from './development-authority.ts';
import { parsePort, requireFreePort } from './public-port.ts';
import { reportStartFailure } from './report-start-failure.ts';
import { parseStartOptions } from './start-options.ts';
import { toStartTable } from './start-summary.ts';
import { startSystem, type RunningSystem } from './system.ts';
import { watchFolders } from './watch-folders.ts';

/** What each Node process is made of; Next watches the sources of its applications by itself. */
const builtInto: readonly (readonly [name: ProcessName, folders: readonly string[]])[] = [
  [
    'gateway',
    [
      'packages/core/dist',
      'packages/stores/dist',
      'packages/identity/dist',
      'packages/oauth/dist',
      'packages/gateway/dist',
      'packages/pages/dist',
      'packages/server/dist',
      'apps/gateway/dist',
    ],
  ],
  ...topology
    .filter(({ kind }) => kind === 'service')
    .map(
      ({ name, folder }) =>
        [
          name,
          [
            'packages/core/dist',
            'packages/policy/dist',
            'packages/nestjs/dist',
            'examples/shop-kit/dist',
            path.join(folder, 'dist'),
          ],
        ] as const,
    ),
];
const sourceFolders = [
  'packages',
  'apps/gateway',
  'examples/shop-kit',
  ...topology.flatMap(({ kind, folder }) => (kind === 'service' ? [folder] : [])),
];
const watchedFile = /(?:^|[\\/])src[\\/](?!.*(?:\.test\.|test-support)).*\.tsx?$/;
const quietMilliseconds = 120;

const startedAt = performance.now();
const stopping = new AbortController();
const progress = createProgress(process.stdout);
let system: RunningSystem | undefined;
let starting: Promise<unknown> = Promise.resolve();

onStopRequest(async () => {
  stopping.abort();
  await starting.catch(() => undefined);
  await system?.stop();
}, console.error);

try {
  starting = start();
  await starting;
} catch (error) {
  if (!stopping.signal.aborted) {
    reportStartFailure(error);
    process.exit(1);
  }
}

async function start(): Promise<void> {
  const { https, port = parsePort(process.env['PORT']) } = parseStartOptions(process.argv.slice(2));
  await requireFreePort(port);
  await progress.step('Building packages and services', () => buildPackages(workspaceRoot, stopping.signal));
  await progress.step('Starting', async () => {
    const dataDir = path.resolve(workspaceRoot, process.env['SALLYPORT_DATA_DIR'] ?? '.sallyport');
    system = await startSystem({
      dataDir,
      port,
      ...(https ? { tls: await openDevelopmentAuthority(dataDir) } : {}),
      definitions: demoProcesses(workspaceRoot).map(toDevelopment),
      signal: stopping.signal,
      onNotice: (notice) => console.log(notice),
      // A mistake in the code that is being written stops one process; the next change starts it again.
      onLost: reportStartFailure,
    });
  });
  if (system === undefined) return;
  console.log(toStartTable(system, (performance.now() - startedAt) / 1000));
  await watchSources(system);
}

function toDevelopment(definition: ProcessDefinition): ProcessDefinition {
  const app = topology.find(({ name, kind }) => name === definition.name && kind !== 'service');
  if (app === undefined) return definition;
  return {
    ...definition,
    cwd: path.join(workspaceRoot, app.folder),
    nodeArguments: [path.join(workspaceRoot, 'node_modules/next/dist/bin/next'), 'dev', '--hostname', '127.0.0.1'],
    environment: (addresses) => ({ ...definition.environment(addresses), NODE_ENV: 'development' }),
  };
}

/** Compiles after every change and starts the processes again whose code became different. */
async function watchSources(running: RunningSystem): Promise<void> {
  const hashes = new Map<ProcessName, string>();
  for (const [name, folders] of builtInto) hashes.set(name, await hashInputs(workspaceRoot, folders));
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  let isAgain = false;

  const rebuild = async () => {
    if (isBusy) {
      isAgain = true;
      return;
    }
    isBusy = true;
    try {
      await progress.step('Building', () => buildPackages(workspaceRoot, stopping.signal));
      for (const [name, folders] of builtInto) {
        const hash = await hashInputs(workspaceRoot, folders);
        if (hash === hashes.get(name)) continue;
        hashes.set(name, hash);
        await progress.step(`Starting ${name} again`, async () => {
          await running.stop(name);
          await running.start(name);
        });
      }
    } catch (error) {
      if (!stopping.signal.aborted) reportStartFailure(error);
    } finally {
      isBusy = false;
      if (isAgain) {
        isAgain = false;
        void rebuild();
      }
    }
  };

  const folders = sourceFolders.map((folder) => path.join(workspaceRoot, folder));
  watchFolders(folders, {
    signal: stopping.signal,
    onError: reportStartFailure,
    onChange: (file) => {
      if (!watchedFile.test(file)) return;
      clearTimeout(timer);
      timer = setTimeout(() => void rebuild(), quietMilliseconds);
    },
  });
}
