import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** What stands in the `package.json` of a package of the repository, as far as packing looks at it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Exports;
  /** What is packed: folders by name, and patterns that are for npm. */
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** Entry points by subpath, with a target or conditions that lead to one. */
export type Exports = Readonly<Record<string, ExportTarget>>;
export type ExportTarget = string | { readonly [condition: string]: ExportTarget };

/** A package that adopters install. */
export interface PublicPackage {
  /** Folder relative to the root of the repository, with forward slashes. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Lists the packages that are not private, each after those of ours that it depends on. */
export async function listPublicPackages(root: string): Promise<readonly PublicPackage[]> {
  const folders = (await readdir(path.join(root, 'packages'))).sort().map((name) => `packages/${name}`);
  const all = await Promise.all(
    folders.map(async (folder) => ({ folder, manifest: await readManifest(path.join(root, folder)) })),
  );
  return inDependencyOrder(all.filter(({ manifest }) => manifest.private !== true));
}

/** Reads the `package.json` of a folder. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8');
  return JSON.parse(text) as Manifest; // npm refuses to install a workspace whose manifest is anything else.
}

function inDependencyOrder(packages: readonly PublicPackage[]): readonly PublicPackage[] {
  const sorted = new Set<PublicPackage>();
  const visit = (found: PublicPackage): void => {
    for (const name of Object.keys(found.manifest.dependencies ?? {})) {
      const dependency = packages.find(({ manifest }) => manifest.name === name);
      if (dependency !== undefined && !sorted.has(dependency)) visit(dependency);
    }
    sorted.add(found);
  };
  for (const each of packages) visit(each);
  return [...sorted];
}
