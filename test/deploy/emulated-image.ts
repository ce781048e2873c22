import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { listWorkspaces } from '../architecture/source-tree.ts';
import { environmentOf, lastOf, lineageOf, readStages, type Stage } from './dockerfile.ts';

const run = promisify(execFile);

/** What an image would hold, made without a container engine: the same COPY and npm commands, in a folder. */
export interface EmulatedImage {
  /** What would be /app. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

/** The stage that keeps nothing of the repository but what npm installs from. */
const manifestStage = 'sources';

/** What stages with npm steps made is kept, for as long as nothing changes that they are made from. */
const cache = path.join(workspaceRoot, 'node_modules/.cache/emulated-images');

/**
 * Carries out a target of the Dockerfile in `folder`. The stage `build` is this repository as it was built; what
 * belongs to the operating system of the image is left out.
 */
export async function emulateImage(target: string, folder: string): Promise<EmulatedImage> {
  const stages = await readStages();
  const lineage = lineageOf(stages, target);
  await mkdir(folder, { recursive: true });
  await carryOut(lineage, stages, folder);
  const inFolder = ([name, value]: readonly [string, string]): [string, string] => [
    name,
    value.replaceAll('$PATH', process.env['PATH'] ?? '').replaceAll('/app/', `${folder}/`),
  ];
  return {
    folder,
    environment: Object.fromEntries(Object.entries(environmentOf(lineage)).map(inFolder)),
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
  if (from === manifestStage) {
    for (const file of manifests()) await cp(path.join(workspaceRoot, file), path.join(folder, file));
    return;
  }
  const isBuilt = from === undefined || from === 'build';
  const source = isBuilt ? workspaceRoot : await stageFolder(from, stages);
  for (const word of words) {
    const file = path.join(source, word.replace(/^\/app\//, ''));
    // Of a folder what is in it arrives; a file keeps its name.
    const name = (await stat(file)).isDirectory() ? '' : path.basename(file);
    const target = path.join(folder, destination, name);
    if (isBuilt) await cp(file, target, { recursive: true, verbatimSymlinks: true });
    else await link(file, target);
  }
}

/** Modules are many files that are never written to: hard links, where the folders are on one file system. */
async function link(source: string, target: string): Promise<void> {
  const isFolder = (await stat(source)).isDirectory();
  await mkdir(isFolder ? target : path.dirname(target), { recursive: true });
  const words = [isFolder ? `${source}/.` : source, target];
  await run('cp', ['-al', ...words]).catch(() => run('cp', ['-a', '--remove-destination', ...words]));
}

const making = new Map<string, Promise<string>>();

function stageFolder(name: string, stages: readonly Stage[]): Promise<string> {
  const made = making.get(name) ?? makeStage(name, stages);
  making.set(name, made);
  return made;
}

async function makeStage(name: string, stages: readonly Stage[]): Promise<string> {
  const lineage = lineageOf(stages, name);
  const folder = path.join(cache, `${name}-${await hashOf(lineage)}`);
  if (existsSync(folder)) return folder;
  // Not made in place: npm looks for its root above a folder named node_modules, and half of a stage must not count.
  const draft = await mkdtemp(path.join(tmpdir(), `${name}-`));
  try {
    await carryOut(lineage, stages, draft);
    await mkdir(cache, { recursive: true });
    for (const entry of await readdir(cache)) {
      if (entry.startsWith(`${name}-`)) await rm(path.join(cache, entry), { recursive: true, force: true });
    }
    const whole = `${folder}.${process.pid}`;
    await run('cp', ['-a', draft, whole]);
    await rename(whole, folder).catch(() => rm(whole, { recursive: true }));
    return folder;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Everything that the stage is made from: its instructions, and the files that they copy. */
async function hashOf(lineage: readonly Stage[]): Promise<string> {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}`);
  for (const { name, value } of lineage.flatMap(({ instructions }) => instructions)) {
    hash.update(`\n${name} ${value}\n`);
    if (name !== 'COPY') continue;
    const files = value.startsWith(`--from=${manifestStage} `) ? manifests() : value.split(/\s+/).slice(0, -1);
    for (const file of files) hash.update(await readFile(path.join(workspaceRoot, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

function manifests(): readonly string[] {
  return ['package.json', 'package-lock.json', '.npmrc', ...listWorkspaces().map((folder) => `${folder}/package.json`)];
}
