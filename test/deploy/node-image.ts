import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { findNpm } from '../../tools/pack/find-npm.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import type { Buildah } from './buildah.ts';

const authorities = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Makes an image that stands in for `node:<version>-bookworm-slim` where no registry of images can be reached: Debian's
 * smallest system, with the Node and npm that run this test and the authorities that this machine trusts.
 */
export async function makeNodeImage(buildah: Buildah, name: string, folder: string): Promise<void> {
  const settings = path.join(folder, 'npmrc');
  await writeFile(settings, `cafile=${authorities}\nupdate-notifier=false\n`);
  const container = await buildah.run('from', 'scratch');
  const copies = [
    [process.execPath, '/usr/local/bin/node'],
    [path.dirname(path.dirname(findNpm())), '/usr/local/lib/node_modules/npm'],
    [authorities, authorities],
    [settings, '/usr/local/etc/npmrc'],
  ] as const;
  await buildah.run('add', '--quiet', container, await makeDebian(), '/');
  for (const [from, to] of copies) await buildah.run('copy', '--quiet', container, from, to);
  const link = ['ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm'];
  await buildah.run('run', '--isolation', 'chroot', container, '--', ...link);
  await buildah.run('commit', '--quiet', '--rm', container, name);
}

/** The archive of a root file system. It is kept, because Debian's archive is far away. */
async function makeDebian(): Promise<string> {
  const file = path.join(workspaceRoot, 'node_modules/.cache/debian/bookworm.tar');
  if (existsSync(file)) return file;
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tar`;
  try {
    const words = ['--quiet', '--variant=minbase', '--include=ca-certificates', 'bookworm', draft];
    await promisify(execFile)('mmdebstrap', words);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  return file;
}
