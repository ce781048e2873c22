import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import { neededPackages } from './our-packages.ts';

/** Where the packages of Sallyport come from: files, until they are published. */
export interface Tarballs {
  /** Folder of the repository that they are kept in. */
  readonly folder: string;
  /** Name of the file of each package. */
  readonly files: ReadonlyMap<string, string>;
  /** Files that are copied into the folder first, by absolute path. */
  readonly copies: readonly string[];
}

/** Folder that tarballs from elsewhere are copied into. */
export const tarballFolder = 'sallyport-packages';

/**
 * Reads a folder of tarballs that `npm run pack` wrote.
 *
 * @param folder absolute path; below the root its files stay where they are.
 * @throws UsageError when one is missing or there are two versions of one.
 */
export function readTarballs(folder: string, root: string): Tarballs {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder)
    throw new UsageError('sallyport init: --packages names a folder that does not exist.', exitCodes.usage);
  const files = new Map<string, string>();
  for (const file of readdirSync(folder).sort()) {
    const name = nameOfTarball(file);
    if (name === undefined) continue;
    const other = files.get(name);
    if (other !== undefined) throw refusal(`The folder of --packages has two files of ${name}: ${other} and ${file}.`);
    files.set(name, file);
  }
  const missing = neededPackages.filter((name) => !files.has(name));
  if (missing.length > 0)
    throw refusal(
      `The folder of --packages has no tarball of ${missing.join(', ')}. npm run pack -- <folder> in a clone of Sallyport writes all.`,
    );
  const relative = path.relative(root, folder);
  const isInside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  if (isInside) return { folder: relative.split(path.sep).join('/'), files, copies: [] };
  const copies = [...files.values()]
    .map((file) => path.join(folder, file))
    .filter((file) => !isCopied(file, path.join(root, tarballFolder, path.basename(file))));
  return { folder: tarballFolder, files, copies };
}

/** The line of `.gitignore` for them. A folder of the user's may hold more. */
export function toIgnoredTarballs({ folder }: Tarballs): string {
  return folder === tarballFolder ? `/${folder}/` : `/${folder}/sallyport-*.tgz`;
}

/** The name of the package of a file such as `sallyport-core-0.1.0.tgz`, as npm calls it. */
function nameOfTarball(file: string): string | undefined {
  const match = /^sallyport(?:-([a-z]+))?-\d+\.\d+\.\d+[\w.-]*\.tgz$/.exec(file);
  if (match === null) return undefined;
  return match[1] === undefined ? 'sallyport' : `@sallyport/${match[1]}`;
}

function isCopied(from: string, to: string): boolean {
  return existsSync(to) && digestOf(from) === digestOf(to);
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function refusal(message: string): UsageError {
  return new UsageError(`${message} Nothing was changed.`, exitCodes.refused);
}
