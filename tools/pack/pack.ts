import path from 'node:path';
import { buildPackages } from '../build/build-system.ts';
import { withBuildLock } from '../build/build-lock.ts';
import { createProgress } from '../build/progress.ts';
import { reportFailure } from '../processes/report-failure.ts';
import { onStopRequest } from '../processes/stop-requests.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { packPackages, type Tarball } from './pack-packages.ts';

const [folder, ...others] = process.argv.slice(2);

if (folder === undefined || folder.startsWith('-') || others.length > 0) {
  console.error('Usage: npm run pack -- <folder>\nWrites the tarball of every public package into the folder.');
  process.exitCode = 2;
} else await pack(path.resolve(process.env['INIT_CWD'] ?? process.cwd(), folder));

async function pack(destination: string): Promise<void> {
  const stop = new AbortController();
  onStopRequest(async () => stop.abort());
  const progress = createProgress(process.stdout);
  try {
    await progress.step('Building packages', () =>
      withBuildLock(workspaceRoot, stop.signal, () => buildPackages(workspaceRoot, stop.signal)),
    );
    let tarballs: readonly Tarball[] = [];
    await progress.step('Packing', async () => {
      tarballs = await packPackages(workspaceRoot, destination);
    });
    for (const { file, bytes } of tarballs) console.log(`${file}  ${Math.ceil(bytes / 1024)} KiB`);
  } catch (error) {
    if (!stop.signal.aborted) reportFailure(error);
  }
}
