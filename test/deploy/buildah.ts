import { execFile, spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../transport/find-program.ts';

const execute = promisify(execFile);
const maxOutput = 64 * 1024 * 1024;

/** Builds images and runs what is in them, without an engine and without a daemon: by chroot, on the network of the host. */
export interface Buildah {
  /** Resolves to what it wrote; rejects with it when it fails. */
  run(...words: readonly string[]): Promise<string>;
  /** Starts a command in a working container. What it writes goes to `onOutput`. */
  start(container: string, options: readonly string[], command: readonly string[], onOutput: Listener): ChildProcess;
}

type Listener = (text: string) => void;

/** Why images cannot be built on this machine; `undefined` when they can. */
export const whyNoImages: string | undefined =
  process.platform !== 'linux'
    ? 'not on Linux'
    : process.getuid?.() !== 0
      ? 'not as root'
      : ['buildah', 'mmdebstrap'].some((name) => findProgram(name) === undefined)
        ? 'without buildah and mmdebstrap'
        : undefined;

/** Keeps images and containers in a folder of its own, apart from those of the machine. */
export function openBuildah(folder: string): Buildah {
  const program = findProgram('buildah') ?? 'buildah';
  const [images, state] = [path.join(folder, 'images'), path.join(folder, 'state')];
  const storage = ['--root', images, '--runroot', state, '--storage-driver', 'vfs'];
  return {
    async run(...words) {
      const { stdout } = await execute(program, [...storage, ...words], { maxBuffer: maxOutput }).catch(
        (error: unknown) => {
          const { stderr = '', stdout: output = '' } = error as { readonly stderr?: string; readonly stdout?: string };
          throw new Error(`buildah ${words[0]} failed:\n${(output + stderr).slice(-4000)}`, { cause: error });
        },
      );
      return stdout.trim();
    },
    start(container, options, command, onOutput) {
      const words = [...storage, 'run', '--isolation', 'chroot', ...options, container, '--', ...command];
      const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => onOutput(chunk.toString()));
      return child;
    },
  };
}
