import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runTool } from '../processes/run-tool.ts';
import { findNpm } from './find-npm.ts';
import { buildCommonJs } from './build-commonjs.ts';
import type { Repository } from './packed-manifest.ts';
import { listPublicPackages, readManifest } from './public-packages.ts';
import { stagePackage } from './stage-package.ts';

/** A tarball that was written. */
export interface Tarball {
  readonly name: string;
  readonly version: string;
  /** Absolute path. */
  readonly file: string;
  readonly bytes: number;
}

/** What `npm pack --json` prints of each package. */
interface PackedByNpm {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly size: number;
}

/**
 * Writes the tarball of every public package into a folder, from what `npm run build` compiled.
 *
 * @param modules the `node_modules` from which dependencies are bundled; those of the root by default.
 */
export async function packPackages(
  root: string,
  folder: string,
  modules = path.join(root, 'node_modules'),
): Promise<readonly Tarball[]> {
  const repository = await readRepository(root);
  const packages = await listPublicPackages(root);
  const stages = await mkdtemp(path.join(tmpdir(), 'sallyport-pack-'));
  try {
    await mkdir(folder, { recursive: true });
    const places: string[] = [];
    for (const each of packages) {
      const place = path.join(stages, path.posix.basename(each.folder));
      await stagePackage(root, each, repository, place);
      await buildCommonJs(place, modules);
      places.push(place);
    }
    const output = await runTool({
      name: 'npm pack',
      nodeArguments: [
        findNpm(),
        'pack',
        ...places,
        `--pack-destination=${folder}`,
        '--ignore-scripts',
        '--json',
        '--silent',
      ],
      cwd: stages,
    });
    const packed = JSON.parse(output) as readonly PackedByNpm[]; // npm's own format, the same since npm 7.
    return packed.map(({ name, version, filename, size }) => {
      return { name, version, file: path.join(folder, filename), bytes: size };
    });
  } finally {
    await rm(stages, { recursive: true, force: true });
  }
}

async function readRepository(root: string): Promise<Repository> {
  const { repository } = (await readManifest(root)) as { readonly repository?: { readonly url?: string } };
  const url = repository?.url;
  if (url === undefined) throw new Error('package.json has no repository.url, from which links are made');
  return { url, page: url.replace(/^git\+/, '').replace(/\.git$/, '') };
}
