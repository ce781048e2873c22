import path from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import type { PackageFolder } from './manifests.ts';
import { folderOf, type Repository } from './repository.ts';

/** What installs the packages of a repository. */
export interface PackageManager {
  readonly name: PackageManagerName;
  /** Folders with a lock file of their own. */
  readonly lockFolders: readonly string[];
}

export const packageManagerNames = ['npm', 'pnpm', 'yarn'] as const;
export type PackageManagerName = (typeof packageManagerNames)[number];

/** Which program writes a lock file of this name. */
export const lockFiles: Readonly<Record<string, PackageManagerName | 'bun'>> = {
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
};

/**
 * Finds out what installs the packages: the lock files say so, or `packageManager` in the `package.json` of the root.
 *
 * @param chosen what the caller says, before everything else.
 * @throws UsageError when there is no sign of any, when there are signs of two, and for one that is not supported.
 */
export function findPackageManager(
  { files }: Repository,
  packages: readonly PackageFolder[],
  chosen: string | undefined,
): PackageManager {
  const found = files.flatMap((file) => {
    const name = lockFiles[path.posix.basename(file)];
    return name === undefined ? [] : [{ file, name }];
  });
  const declared = declaredIn(packages);
  const names = [...new Set(chosen === undefined ? (declared ?? found.map(({ name }) => name)) : [chosen])];
  const [name, other] = names;
  if (name === undefined)
    throw refusal(
      'There is no lock file, so it is not known what installs the packages here. Install them once, and commit the lock file; or add --package-manager npm.',
    );
  if (other !== undefined)
    throw refusal(
      `There are lock files of ${names.join(' and ')}: ${found.map(({ file }) => file).join(', ')}. Remove those that are not used, or add --package-manager <name>.`,
    );
  if (!isSupported(name))
    throw refusal(
      `${name} is not a package manager that this command knows: it writes for ${packageManagerNames.join(', ')}. docs/guides/in-my-repository.md says what to write by hand.`,
    );
  const lockFolders = found.filter((each) => each.name === name).map(({ file }) => folderOf(file));
  return { name, lockFolders };
}

/** The folder in which a package is installed: the nearest one with a lock file, else its own. */
export function installFolderOf({ lockFolders }: PackageManager, folder: string): string {
  for (let candidate = folder; ; candidate = folderOf(candidate)) {
    if (lockFolders.includes(candidate)) return candidate;
    if (candidate === '') return folder;
  }
}

function declaredIn(packages: readonly PackageFolder[]): readonly string[] | undefined {
  const declared = packages.find(({ folder }) => folder === '')?.manifest['packageManager'];
  return typeof declared === 'string' ? [declared.replace(/@.*$/, '')] : undefined;
}

function isSupported(name: string): name is PackageManagerName {
  return (packageManagerNames as readonly string[]).includes(name);
}

function refusal(message: string): UsageError {
  return new UsageError(`${message} Nothing was changed.`, exitCodes.refused);
}
