import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withFileLock } from '../build/build-lock.ts';
import { cacheFolder } from './cache-folder.ts';

const run = promisify(execFile);

/** A program that tests build from the Go module proxy. */
export interface GoProgram {
  /** Of the binary, and of the folder beside this file with its `go.mod` and `go.sum`. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** The files that it is built from. */
  readonly sources: readonly string[];
  /** What `go build` is given: tags and the package. */
  readonly arguments: readonly string[];
}

/** Where a program is kept once it is built: outside of every clone, under what it was built from. */
export function builtGoProgram(
  program: GoProgram,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const contents = program.sources.map((name) => readFileSync(path.join(sourceFolderOf(program), name)));
  const digest = createHash('sha256').update(Buffer.concat(contents)).digest('hex').slice(0, 12);
  return path.join(cacheFolder(variables), `${program.name}-${digest}`, binaryOf(program));
}

/**
 * Builds a program from the Go module proxy, once: the next call finds it. What is downloaded has the digests of `go.sum`.
 *
 * @throws Error with the last line that Go printed.
 */
export async function buildGoProgram(
  program: GoProgram,
  go: string,
  file: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const folder = path.dirname(file);
  await withFileLock(path.join(folder, 'build.lock'), signal, async () => {
    if (existsSync(file)) return;
    const unfinished = path.join(folder, `unfinished-${process.pid}`);
    mkdirSync(unfinished);
    const output = path.join(unfinished, binaryOf(program));
    try {
      await run(go, ['build', '-trimpath', '-o', output, ...program.arguments], {
        cwd: sourceFolderOf(program),
        // Flags or a workspace of another project would change what is built.
        env: { ...process.env, GOFLAGS: '-buildvcs=false', GOWORK: 'off' },
        maxBuffer: 16 * 1024 * 1024,
        signal,
      });
      renameSync(output, file);
    } catch (error) {
      throw new Error(`go could not build ${program.title}: ${lastLine(error)}`, { cause: error });
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  });
}

function sourceFolderOf({ name }: GoProgram): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function binaryOf({ name }: GoProgram): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

function lastLine(error: unknown): string {
  const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trimEnd() : '';
  if (output !== '') return output.split('\n').at(-1) ?? output;
  return error instanceof Error ? error.message : String(error);
}
