import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../processes/run-tool.ts';
import { hashInputs } from './input-hash.ts';
import type { NextApp } from './next-apps.ts';

const sharedInputs = [
  'packages/ui',
  'packages/nextjs',
  'packages/core',
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
];

/**
 * Builds a Next.js application as a standalone server, unless nothing that goes into it has changed.
 *
 * @returns 'unchanged' when the last build is still right.
 */
export async function buildNextApp(root: string, app: NextApp, signal?: AbortSignal): Promise<'unchanged' | undefined> {
  const folder = path.join(root, app.folder);
  const output = path.join(folder, '.next');
  const stampFile = path.join(output, 'build-stamp');
  const server = standaloneServer(root, app);
  const salt = `${process.platform} ${process.arch}`;
  const stamp = await hashInputs(root, [app.folder, ...sharedInputs], salt);
  const lastStamp = await readFile(stampFile, 'utf8').catch(() => undefined);
  if (lastStamp === stamp && existsSync(server)) return 'unchanged';

  await rm(stampFile, { force: true });
  await runTool({
    name: `next build (${app.folder})`,
    nodeArguments: [path.join(root, 'node_modules/next/dist/bin/next'), 'build'],
    cwd: folder,
    environment: { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    signal,
  });
  await copyAssets(folder, path.dirname(server));
  // Last: a build that was stopped half-way must not look finished.
  await mkdir(output, { recursive: true });
  await writeFile(stampFile, stamp);
  return undefined;
}

/** Path of the server that a build leaves behind. */
export function standaloneServer(root: string, app: NextApp): string {
  return path.join(root, app.folder, '.next', 'standalone', app.folder, 'server.js');
}

/** The standalone server expects its static files beside it; Next leaves the copying to the deployment. */
async function copyAssets(folder: string, serverFolder: string): Promise<void> {
  await cp(path.join(folder, '.next', 'static'), path.join(serverFolder, '.next', 'static'), { recursive: true });
  const publicFolder = path.join(folder, 'public');
  if (existsSync(publicFolder)) await cp(publicFolder, path.join(serverFolder, 'public'), { recursive: true });
}
