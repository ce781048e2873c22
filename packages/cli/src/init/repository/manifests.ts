import path from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import { folderOf, type Repository } from './repository.ts';

/** A `package.json`, as text and as what it says. */
export interface ManifestText {
  readonly text: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** A folder with a `package.json`. */
export interface PackageFolder extends ManifestText {
  readonly folder: string;
  /** Name without scope; that of the folder where there is none. */
  readonly name: string;
  /** Range of versions of each package that it depends on. */
  readonly dependencies: ReadonlyMap<string, string>;
  readonly scripts: Readonly<Record<string, string>>;
}

/**
 * Reads every `package.json` of a repository.
 *
 * @throws UsageError that names the one that is no JSON.
 */
export function readPackages(repository: Repository): readonly PackageFolder[] {
  return repository.files
    .filter((file) => path.posix.basename(file) === 'package.json')
    .map((file) => readPackage(repository, file));
}

/** What people call an application: its folder, or its package where that is the whole repository. */
export function nameOfFolder({ folder, name }: PackageFolder): string {
  return folder === '' ? name : path.posix.basename(folder);
}

function readPackage(repository: Repository, file: string): PackageFolder {
  const text = repository.read(file) ?? '';
  const manifest = parseObject(text);
  if (manifest === undefined)
    throw new UsageError(`${file} cannot be read: it is not a JSON object. Nothing was changed.`, exitCodes.refused);
  const folder = folderOf(file);
  const { name } = manifest;
  const folderName = folder === '' ? path.basename(repository.root) : path.posix.basename(folder);
  return {
    text,
    manifest,
    folder,
    name: typeof name === 'string' && name !== '' ? name.replace(/^@[^/]*\//, '') : folderName,
    dependencies: new Map([...textsOf(manifest['devDependencies']), ...textsOf(manifest['dependencies'])]),
    scripts: Object.fromEntries(textsOf(manifest['scripts'])),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Readonly<Record<string, unknown>>) : undefined; // Each member is checked where it is read.
  } catch {
    return undefined;
  }
}

function textsOf(value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
    typeof each === 'string' ? [[key, each] as const] : [],
  );
}
