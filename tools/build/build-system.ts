import path from 'node:path';
import { runTool } from '../processes/run-tool.ts';
import { withBuildLock } from './build-lock.ts';
import { buildNextApp } from './build-next-app.ts';
import { nextApps } from './next-apps.ts';
import type { Progress } from './progress.ts';

export interface BuildOptions {
  readonly root: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds what has changed: packages and services first, then the Next.js applications side by side.
 *
 * @throws ToolFailure of the first step that fails; the other steps are stopped.
 */
export async function buildSystem({ root, progress, signal }: BuildOptions): Promise<void> {
  await withBuildLock(root, signal, async () => {
    await progress.step('Building packages and services', () => buildPackages(root, signal));
    const failure = new AbortController();
    const either = signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]);
    const builds = nextApps.map((app) =>
      progress
        .step(`Building ${app.name}`, () => buildNextApp(root, app, either))
        .catch((error: unknown) => {
          if (!either.aborted) failure.abort(error);
          throw error;
        }),
    );
    const results = await Promise.allSettled(builds);
    if (failure.signal.aborted) throw failure.signal.reason;
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  });
}

/** Compiles every TypeScript project of the repository; what has not changed is not compiled again. */
export async function buildPackages(root: string, signal?: AbortSignal): Promise<void> {
  await runTool({
    name: 'tsc -b',
    nodeArguments: [path.join(root, 'node_modules/typescript/bin/tsc'), '-b', '--pretty', 'false'],
    cwd: root,
    signal,
  });
}
