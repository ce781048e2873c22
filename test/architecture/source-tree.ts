import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const ignoredFolders = new Set(['node_modules', 'dist', '.next', '.git', 'coverage']);

/** A file of the repository: its path relative to the root, with forward slashes, and its text. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** Every file under a folder whose name matches, without what was built or installed. */
export function listFiles(folder: string, pattern: RegExp): string[] {
  const entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const file = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return pattern.test(entry.name) && entry.name !== 'next-env.d.ts' ? [file] : [];
    return ignoredFolders.has(entry.name) || entry.name.startsWith('.sallyport') ? [] : listFiles(file, pattern);
  });
}

/** Text of a file of the repository. */
export function readText(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** Every TypeScript file under some folders. */
export function readSources(...folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => listFiles(folder, /\.(?:ts|tsx|mts)$/))
    .map((file) => ({ file, text: readText(file) }));
}

/** Tests, and what only tests use. */
export function isTestFile(file: string): boolean {
  return /\.test(?:-support)?\.tsx?$|\/test-support\//.test(file);
}

/** The text without comments. Strings are left alone: a pattern that matters inside a string is a finding too. */
export function withoutComments(text: string): string {
  return text.replaceAll(/^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*$)/gm, '').replaceAll(/\s\/\/ .*$/gm, '');
}

/** What a file imports, statically, dynamically or as a type. */
export function importsOf({ text }: SourceFile): string[] {
  const code = withoutComments(text);
  const patterns = [
    /^(?:import|export)\s[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^import\s*['"]([^'"]+)['"]/gm,
    /\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map(([, specifier = '']) => specifier));
}

/** Path of the file that a relative import names. */
export function resolveRelative(from: string, specifier: string): string {
  return path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
}

/** Targets by condition. Only the first, the source, is always a path. */
interface ExportConditions {
  readonly '@sallyport/source'?: string;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | ExportConditions>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The package.json of a folder. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readText(path.posix.join(folder, 'package.json'))) as Manifest; // Checked by npm on every install.
}

/** Folders of every workspace. */
export function listWorkspaces(): string[] {
  return ['packages', 'apps', 'examples'].flatMap((folder) =>
    listFiles(folder, /^package\.json$/).map((file) => path.posix.dirname(file)),
  );
}
