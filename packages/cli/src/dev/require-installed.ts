import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import { lockFiles } from '../init/repository/package-manager.ts';
import type { DevelopmentFile } from './development-file.ts';

/** Packages without which an application does not even start. */
const needed = /^(?:next|@nestjs\/core|@sallyport\/.+)$/;

/**
 * Looks whether the packages of all applications are installed.
 *
 * @throws UsageError that names those that are not, and what installs them.
 */
export function requireInstalled({ applications }: DevelopmentFile, root: string): void {
  const missing = applications.flatMap(({ name, folder }) => {
    const place = resolve(root, folder);
    const absent = packagesOf(place).filter((each) => !isInstalled(each, place));
    return absent.length === 0 ? [] : [{ name, absent, install: installOf(place, root) }];
  });
  if (missing.length === 0) return;
  throw new UsageError(
    [
      'Packages are not installed:',
      ...missing.map(({ name, absent }) => `  ${name} has no ${absent.join(', ')}`),
      'Run this first:',
      ...new Set(missing.map(({ install }) => `  ${install}`)),
    ].join('\n'),
    exitCodes.unavailable,
  );
}

function packagesOf(folder: string): readonly string[] {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly dependencies?: Readonly<Record<string, unknown>>;
    } | null;
    return Object.keys(manifest?.dependencies ?? {}).filter((name) => needed.test(name));
  } catch {
    // Not every command runs in a folder of a package.
    return [];
  }
}

function isInstalled(name: string, folder: string): boolean {
  // With Plug'n'Play of Yarn packages are in no folder.
  return upwards(folder).some(
    (each) => existsSync(join(each, 'node_modules', name, 'package.json')) || existsSync(join(each, '.pnp.cjs')),
  );
}

/** In the nearest folder with a lock file, as the package manager does it; never above the root. */
function installOf(folder: string, root: string): string {
  for (const place of upwards(folder)) {
    const [, manager] = Object.entries(lockFiles).find(([file]) => existsSync(join(place, file))) ?? [];
    if (manager !== undefined) return commandIn(relative(root, place), manager);
    if (place === root) break;
  }
  return commandIn(relative(root, folder), 'npm');
}

function commandIn(folder: string, manager: string): string {
  return folder === '' ? `${manager} install` : `(cd ${folder} && ${manager} install)`;
}

function upwards(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...upwards(above)];
}
