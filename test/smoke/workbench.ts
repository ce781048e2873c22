import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { findNpm } from '../../tools/pack/find-npm.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';

const run = promisify(execFile);
const maxOutput = 64 * 1024 * 1024;

/** A folder outside the repository, with the commands that an adopter has. */
export interface Workbench {
  readonly folder: string;
  /** Runs a program of Node, by its script. Resolves to what it wrote; rejects with it when the program fails. */
  node(script: string, words: readonly string[], at?: string): Promise<string>;
  npm(words: readonly string[], at?: string): Promise<string>;
  git(words: readonly string[], at: string): Promise<string>;
  /** Starts `npm run` in a process group of its own. */
  start(script: string, at: string): ChildProcess;
  remove(): Promise<void>;
}

/**
 * What npm is told by variables and not by the run that this is part of, and whom to trust: without the authorities of this
 * machine npm repeats every request that its cache does not answer, and seems to stand still.
 */
const npmSettings =
  /^(?:npm_config_(?:registry|cache|userconfig|globalconfig|cafile|proxy|https_proxy|noproxy|strict_ssl)|node_extra_ca_certs)$/i;
/** What a run of tests sets, or a developer's own system is configured with. */
const ourOwn =
  /^(?:npm_|node_|vitest|vite|test|sallyport_|database_url|redis_url|smtp_|port$|ci$|init_cwd|force_color|no_color)/i;

/** Makes a folder that knows nothing of the repository: neither its packages nor its programs are on the search path. */
export async function openWorkbench(): Promise<Workbench> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sallyport-smoke-')));
  const programs = path.join(folder, 'bin');
  await mkdir(programs);
  await symlink(process.execPath, path.join(programs, 'node'));
  const npmScript = findNpm();
  const searchPath = (env['PATH'] ?? '').split(path.delimiter).filter((each) => !each.startsWith(workspaceRoot));
  const environment = {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => npmSettings.test(name) || !ourOwn.test(name))),
    PATH: [programs, ...searchPath].join(path.delimiter),
    NEXT_TELEMETRY_DISABLED: '1',
    npm_config_logs_dir: path.join(folder, 'npm-logs'),
    // Left to itself, npm waits for minutes before it says that a registry cannot be reached.
    npm_config_fetch_timeout: '60000',
    npm_config_fetch_retry_mintimeout: '1000',
    npm_config_fetch_retry_maxtimeout: '5000',
    npm_config_prefer_offline: 'true',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    npm_config_update_notifier: 'false',
  };
  const execute = async (program: string, words: readonly string[], at: string): Promise<string> => {
    const options = { cwd: at, env: environment, maxBuffer: maxOutput };
    const { stdout, stderr } = await run(program, [...words], options).catch((error: unknown) => {
      throw describeFailure([path.basename(program), ...words].join(' '), error);
    });
    return stdout + stderr;
  };
  return {
    folder,
    node: (script, words, at = folder) => execute(process.execPath, [script, ...words], at),
    npm: (words, at = folder) => execute(process.execPath, [npmScript, ...words], at),
    git: (words, at) => execute('git', ['-c', 'user.name=Team', '-c', 'user.email=team@example.test', ...words], at),
    start: (script, at) =>
      spawn(process.execPath, [npmScript, 'run', script], {
        cwd: at,
        env: environment,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Bytes of everything in a folder. */
export async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(path.join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function describeFailure(command: string, error: unknown): Error {
  const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
  return new Error(`${command} failed:\n${(stdout + stderr).slice(-4000)}`, { cause: error });
}
