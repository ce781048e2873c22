import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withFileLock } from '../build/build-lock.ts';
import { cacheFolder } from './cache-folder.ts';

const run = promisify(execFile);
const sourceFolder = fileURLToPath(new URL('ferretdb', import.meta.url));
const binary = process.platform === 'win32' ? 'ferretdb.exe' : 'ferretdb';

/** Where the program is kept once it is built: outside of every clone, under what it was built from. */
export function builtFerretdb(variables: Readonly<Record<string, string | undefined>> = process.env): string {
  const sources = ['go.mod', 'go.sum', 'main.go'].map((name) => readFileSync(path.join(sourceFolder, name)));
  const digest = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 12);
  return path.join(cacheFolder(variables), `ferretdb-${digest}`, binary);
}

/**
 * Builds FerretDB from the Go module proxy, once: the next call finds it.
 *
 * @throws Error with the last line that Go printed.
 */
export async function buildFerretdb(go: string, file: string, signal: AbortSignal | undefined): Promise<void> {
  const folder = path.dirname(file);
  await withFileLock(path.join(folder, 'build.lock'), signal, async () => {
    if (existsSync(file)) return;
    const unfinished = path.join(folder, `unfinished-${process.pid}`);
    mkdirSync(unfinished);
    try {
      // Without the PostgreSQL backend there is less to compile.
      await run(go, ['build', '-tags=ferretdb_no_postgresql', '-trimpath', '-o', path.join(unfinished, binary), '.'], {
        cwd: sourceFolder,
        // Flags or a workspace of another project would change what is built.
        env: { ...process.env, GOFLAGS: '-buildvcs=false', GOWORK: 'off' },
        maxBuffer: 16 * 1024 * 1024,
        signal,
      });
      renameSync(path.join(unfinished, binary), file);
    } catch (error) {
      throw new Error(`go could not build FerretDB: ${lastLine(error)}`, { cause: error });
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  });
}

function lastLine(error: unknown): string {
  const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trimEnd() : '';
  if (output !== '') return output.split('\n').at(-1) ?? output;
  return error instanceof Error ? error.message : String(error);
}
