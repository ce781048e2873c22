import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { withBuildLock } from '../../tools/build/build-lock.ts';
import { buildPackages } from '../../tools/build/build-system.ts';
import { packPackages, type Tarball } from '../../tools/pack/pack-packages.ts';
import { listPublicPackages } from '../../tools/pack/public-packages.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';

/**
 * Packs the public packages from a copy of the repository and renames the copy, so that whatever still looks into the place
 * that the tarballs come from finds nothing.
 *
 * @returns the tarballs, and the folder that is no more.
 */
export async function packFromCopy(
  folder: string,
  destination: string,
): Promise<{ readonly tarballs: readonly Tarball[]; readonly packedIn: string }> {
  await withBuildLock(workspaceRoot, undefined, () => buildPackages(workspaceRoot));
  const packedIn = path.join(folder, 'checkout');
  for (const file of await listFiles()) await cp(path.join(workspaceRoot, file), path.join(packedIn, file));
  for (const { folder: each } of await listPublicPackages(workspaceRoot))
    await cp(path.join(workspaceRoot, each, 'dist'), path.join(packedIn, each, 'dist'), { recursive: true });
  const tarballs = await packPackages(packedIn, destination, path.join(workspaceRoot, 'node_modules'));
  await rename(packedIn, `${packedIn}-renamed`);
  return { tarballs, packedIn };
}

/** Every file that is in the repository, or will be with the next commit. */
async function listFiles(): Promise<readonly string[]> {
  const words = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { stdout } = await promisify(execFile)('git', words, { cwd: workspaceRoot, maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\0').filter((file) => file !== '' && existsSync(path.join(workspaceRoot, file)));
}
