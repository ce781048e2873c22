import { existsSync, statSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { toPackedManifest, type Repository } from './packed-manifest.ts';
import { toPackedPage } from './packed-page.ts';
import type { PublicPackage } from './public-packages.ts';

/** Pages of a package that go into its tarball. */
const pages = ['README.md', 'CHANGELOG.md'] as const;

/** Folder of the repository that goes into the tarball of a package whose `files` name it: messages name pages of it. */
const docs = 'docs';

/** A comment that names a source map; maps are not packed, and some bundlers warn of each that is missing. */
const sourceMapComment = /^\/\/# sourceMappingURL=\S+\s*$/gm;

/** Makes a folder that holds exactly what goes into the tarball of a package. */
export async function stagePackage(
  root: string,
  { folder, manifest }: PublicPackage,
  repository: Repository,
  stage: string,
): Promise<void> {
  const from = path.join(root, folder);
  await mkdir(stage, { recursive: true });
  const packed = toPackedManifest(manifest, folder, repository);
  await writeFile(path.join(stage, 'package.json'), `${JSON.stringify(packed, null, 2)}\n`);
  await cp(path.join(root, 'LICENSE'), path.join(stage, 'LICENSE'));
  const isFolder = (file: string): boolean =>
    statSync(path.join(root, file), { throwIfNoEntry: false })?.isDirectory() === true;
  for (const page of pages) {
    const text = await readFile(path.join(from, page), 'utf8');
    await writeFile(path.join(stage, page), toPackedPage(text, folder, repository, isFolder));
  }
  const others = (manifest.files ?? []).filter((file) => /^\w+$/.test(file) && file !== 'dist');
  if (others.includes(docs)) await stageDocs(root, repository, stage, isFolder);
  for (const name of others.filter((other) => other !== docs))
    await cp(path.join(from, name), path.join(stage, name), { recursive: true });
  for (const program of Object.values(manifest.bin ?? {})) await chmod(path.join(stage, program), 0o755);
  await stageOutput(from, stage);
}

async function stageDocs(
  root: string,
  repository: Repository,
  stage: string,
  isFolder: (file: string) => boolean,
): Promise<void> {
  const files = (await readdir(path.join(root, docs), { recursive: true }))
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.posix.join(docs, file.replaceAll(path.sep, '/')));
  const packed = new Set(files);
  for (const file of files) {
    const text = await readFile(path.join(root, file), 'utf8');
    const page = toPackedPage(text, path.posix.dirname(file), repository, isFolder, (target) => packed.has(target));
    await mkdir(path.dirname(path.join(stage, file)), { recursive: true });
    await writeFile(path.join(stage, file), page);
  }
}

/** Copies what was compiled from a source that still exists: the compiler leaves the output of removed files behind. */
async function stageOutput(from: string, stage: string): Promise<void> {
  const files = await readdir(path.join(from, 'dist'), { recursive: true });
  for (const file of files) {
    const name = /^(.*?)(?:\.d\.ts|\.js)$/.exec(file)?.[1];
    if (name === undefined || isForTests(file)) continue;
    if (!['.ts', '.tsx'].some((extension) => existsSync(path.join(from, 'src', `${name}${extension}`)))) continue;
    const text = await readFile(path.join(from, 'dist', file), 'utf8');
    await mkdir(path.dirname(path.join(stage, 'dist', file)), { recursive: true });
    await writeFile(path.join(stage, 'dist', file), text.replaceAll(sourceMapComment, ''));
  }
}

function isForTests(file: string): boolean {
  return /\.test(?:-support)?\.(?:d\.ts|js)$|(?:^|[/\\])test-support[/\\]/.test(file);
}
