import { cp, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { environmentOf, lastOf, lineageOf, readStages, type Stage } from './dockerfile.ts';

const run = promisify(execFile);

/** What an image would hold, made without a container engine: the same COPY and npm commands, in a folder. */
export interface EmulatedImage {
  /** What would be /app. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

/**
 * Carries out a target of the Dockerfile in `folder`. The stage `build` is this repository as it was built; what
 * belongs to the operating system of the image is left out.
 */
export async function emulateImage(target: string, folder: string): Promise<EmulatedImage> {
  const stages = await readStages();
  const lineage = lineageOf(stages, target);
  await mkdir(folder, { recursive: true });
  await carryOut(lineage, stages, folder);
  return {
    folder,
    environment: environmentOf(lineage),
    command: JSON.parse(lastOf(lineage, 'CMD') ?? '[]') as readonly string[],
  };
}

async function carryOut(lineage: readonly Stage[], stages: readonly Stage[], folder: string): Promise<void> {
  for (const { name, value } of lineage.flatMap(({ instructions }) => instructions)) {
    if (name === 'COPY') await copy(value, stages, folder);
    // The folder of the data lies outside of /app.
    else if (name === 'RUN' && !value.startsWith('install -d')) {
      await run('sh', ['-ec', value], { cwd: folder, env: { ...process.env, npm_config_prefer_offline: 'true' } });
    }
  }
}

async function copy(value: string, stages: readonly Stage[], folder: string): Promise<void> {
  const words = value.split(/\s+/);
  const from = words[0]?.startsWith('--from=') === true ? words.shift()?.slice('--from='.length) : undefined;
  const destination = words.pop() ?? '';
  const source = await folderOf(from, stages, folder);
  for (const word of words) {
    const file = path.join(source, word.replace(/^\/app\//, ''));
    // Of a folder what is in it arrives; a file keeps its name.
    const name = (await stat(file)).isDirectory() ? '' : path.basename(file);
    await cp(file, path.join(folder, destination, name), { recursive: true, verbatimSymlinks: true });
  }
}

async function folderOf(from: string | undefined, stages: readonly Stage[], folder: string): Promise<string> {
  if (from === undefined || from === 'build') return workspaceRoot;
  const other = `${folder}.${from}`;
  await mkdir(other, { recursive: true });
  await carryOut(lineageOf(stages, from), stages, other);
  return other;
}
