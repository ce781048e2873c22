import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const copy = path.resolve(folder, '..', `.moved-${move}-${randomUUID()}`);
  mkdirSync(copy);
  for (const name of ['src', 'package.json', 'tsconfig.json'])
    cpSync(path.join(folder, name), path.join(copy, name), { recursive: true });
  git(['apply', patchOf(move)], copy);
  return { folder: copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}

/** What the compiler says of a copy; empty where nothing is wrong. */
export function typeErrorsOf(moved: MovedApplication): string {
  const references = ['nestjs', 'server'].map((name) => ({ path: `../../packages/${name}` }));
  const project = path.join(moved.folder, 'tsconfig.moved.json');
  writeFileSync(project, JSON.stringify({ extends: './tsconfig.json', include: ['src'], references }));
  const compiler = path.resolve(folder, '../../node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '-b', project, '--pretty', 'false'], {
    encoding: 'utf8',
  });
  return status === 0 ? '' : stdout + stderr || `the compiler ended with ${status}`;
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
