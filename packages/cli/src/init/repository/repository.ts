import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The files of a repository of others, by paths relative to its root, with forward slashes. */
export interface Repository {
  readonly root: string;
  /** All files that people wrote: nothing installed, nothing built. */
  readonly files: readonly string[];
  readonly has: (file: string) => boolean;
  /** The text of a file; `undefined` when there is none. */
  readonly read: (file: string) => string | undefined;
}

/** What is installed, built or kept by tools. Hidden folders are left out as well. */
const foreignFolders: ReadonlySet<string> = new Set(['node_modules', 'dist', 'build', 'out', 'coverage', 'vendor']);

/** No application lies deeper, and a loop of links ends. */
const maxDepth = 8;

/** Lists a repository. Files are read when they are asked for. */
export function openRepository(root: string): Repository {
  const files = listFiles(root, '', maxDepth);
  const known = new Set(files);
  return {
    root,
    files,
    has: (file) => known.has(file),
    read: (file) => (known.has(file) ? readFileSync(path.join(root, file), 'utf8') : undefined),
  };
}

/** Joins paths of a repository; the root itself is `''`. */
export function joinPath(...parts: readonly string[]): string {
  const joined = path.posix.join(...parts.filter((part) => part !== ''));
  return joined === '.' ? '' : joined;
}

/** The folder that a path of a repository is in; `''` is the root. */
export function folderOf(file: string): string {
  const folder = path.posix.dirname(file);
  return folder === '.' ? '' : folder;
}

/** Whether a path is a folder, or in it. */
export function isWithin(folder: string, file: string): boolean {
  return folder === '' || file === folder || file.startsWith(`${folder}/`);
}

/** A path as people write it: the root is `.`. */
export function showPath(file: string): string {
  return file === '' ? '.' : file;
}

function listFiles(root: string, folder: string, depth: number): readonly string[] {
  if (depth === 0) return [];
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const file = joinPath(folder, entry.name);
      if (entry.isFile()) return [file];
      const isForeign = entry.name.startsWith('.') || foreignFolders.has(entry.name);
      return entry.isDirectory() && !isForeign ? listFiles(root, file, depth - 1) : [];
    });
}
