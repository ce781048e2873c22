import { readFileSync } from 'node:fs';
import path from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import type { PackageFolder } from './manifests.ts';
import { folderOf, joinPath, showPath, type Repository } from './repository.ts';
import { haveCommonVersion } from './version-range.ts';

/** What `@sallyport/nextjs` and `@sallyport/nestjs` ask for as peers. A test compares them. */
export const frameworkRanges = { next: '^15.5.28 || ^16.4.3', '@nestjs/core': '^11.0.0 || ^12.0.0' } as const;

const packagesFor = { next: '@sallyport/nextjs', '@nestjs/core': '@sallyport/nestjs' } as const;

/**
 * Compares the framework of an application, as it is installed or else as its `package.json` asks for it, with what the
 * package for it takes.
 *
 * @throws UsageError that names both.
 */
export function requireSupportedVersion(
  { root }: Repository,
  { folder, dependencies }: PackageFolder,
  framework: keyof typeof frameworkRanges,
): void {
  const installed = readInstalled(root, folder, framework);
  const version = installed ?? dependencies.get(framework) ?? '';
  const range = frameworkRanges[framework];
  if (haveCommonVersion(version, range)) return;
  const has = installed === undefined ? `depends on ${framework} ${version}` : `has ${framework} ${version} installed`;
  throw new UsageError(
    `${showPath(folder)} ${has}, and ${packagesFor[framework]} works with ${range}. Update it first. Nothing was changed.`,
    exitCodes.refused,
  );
}

/** Whether an application takes a version of a range, as it is installed or else as its `package.json` asks for it. */
export function hasVersion(
  { root }: Repository,
  { folder, dependencies }: PackageFolder,
  framework: keyof typeof frameworkRanges,
  range: string,
): boolean {
  return haveCommonVersion(readInstalled(root, folder, framework) ?? dependencies.get(framework) ?? '', range);
}

/** The version that Node would find from a folder of the repository. */
function readInstalled(root: string, folder: string, name: string): string | undefined {
  for (let place = folder; ; place = folderOf(place)) {
    const version = readVersion(path.join(root, joinPath(place, 'node_modules', name, 'package.json')));
    if (version !== undefined || place === '') return version;
  }
}

function readVersion(file: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    // Not installed there.
    return undefined;
  }
}
