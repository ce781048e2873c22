import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '..');

/** A move of the application: a patch of the folder `moves`. */
export type Move = 'identity-in-the-process' | 'tokens-of-the-gateway';

/** A copy of the application, moved. */
export interface MovedApplication {
  readonly folder: string;
  remove(): void;
}

/** Applies a move to a copy, which stands beside the original so that it finds the same packages. */
export function moveApplication(move: Move): MovedApplication {
  const copy = path.resolve(folder, '..', `.moved-${move}-${process.pid}`);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const name of ['src', 'package.json', 'tsconfig.json'])
    cpSync(path.join(folder, name), path.join(copy, name), { recursive: true });
  git(['apply', patchOf(move)], copy);
  return { folder: copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}

/** How many lines a move adds and removes, configuration included, as `git diff --numstat` counts. */
export function countLines(move: Move): { readonly added: number; readonly removed: number } {
  const rows = git(['apply', '--numstat', patchOf(move)], folder)
    .trim()
    .split('\n');
  const counts = rows.map((row) => row.split('\t').map(Number));
  return {
    added: counts.reduce((sum, [added = 0]) => sum + added, 0),
    removed: counts.reduce((sum, [, removed = 0]) => sum + removed, 0),
  };
}

/** The files that a move touches. */
export function filesOf(move: Move): readonly string[] {
  return [...readFileSync(patchOf(move), 'utf8').matchAll(/^diff --git a\/(\S+)/gm)].map(([, file = '']) => file);
}

function patchOf(move: Move): string {
  return path.join(folder, 'moves', `${move}.patch`);
}

/** Outside of a repository, as git sees it: else it would take the paths of a patch for those of the whole. */
function git(commandLine: readonly string[], cwd: string): string {
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: path.dirname(cwd) };
  return execFileSync('git', commandLine, { cwd, env, encoding: 'utf8' });
}
