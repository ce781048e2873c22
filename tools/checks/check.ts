import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildPackages } from '../build/build-system.ts';
import { exampleNextApps, nextApps } from '../build/next-apps.ts';
import { createProgress } from '../build/progress.ts';
import { runTool, ToolFailure } from '../processes/run-tool.ts';
import { onStopRequest } from '../processes/stop-requests.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { findLockFileProblems, type LockFile } from './lock-file.ts';

const stopping = new AbortController();
onStopRequest(async () => {
  stopping.abort();
  await new Promise((resolve) => setTimeout(resolve, 600));
});

const progress = createProgress(process.stdout);
const failures: string[] = [];

await check('Lock file', checkLockFile);
await check('Types of packages and services', () => buildPackages(workspaceRoot, stopping.signal));
for (const folder of ['tools', 'demo', 'test', 'bench']) await check(`Types of ${folder}`, () => tsc('-p', folder));
for (const app of [...nextApps, ...exampleNextApps]) {
  await check(`Types of the ${app.name}`, async () => {
    await tool('next typegen', 'node_modules/next/dist/bin/next', 'typegen', app.folder);
    await tsc('-p', app.folder, '--noEmit');
  });
}
await check('Lint', () => tool('oxlint', 'node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'));
await check('Format', () =>
  tool('prettier', 'node_modules/prettier/bin/prettier.cjs', '--check', '--cache', '--log-level=warn', '.'),
);
await check('Unused code', () => tool('knip', 'node_modules/knip/bin/knip.js', '--no-progress'));
await check('Boundaries', () =>
  tool('vitest', 'node_modules/vitest/vitest.mjs', 'run', '--project=architecture', '--reporter=dot'),
);
await check('Reference pages', checkReferencePages);

for (const failure of failures) console.error(`\n${failure}`);
if (failures.length > 0) {
  console.error(`\n${failures.length} ${failures.length === 1 ? 'check' : 'checks'} failed.`);
  process.exitCode = 1;
}

async function check(name: string, work: () => Promise<unknown>): Promise<void> {
  if (stopping.signal.aborted) return;
  try {
    await progress.step(name, async () => {
      await work();
    });
  } catch (error) {
    const output = error instanceof ToolFailure ? error.output.trim() : String(error);
    failures.push(`${name}\n${output}`);
  }
}

async function checkLockFile(): Promise<void> {
  const text = await readFile(path.join(workspaceRoot, 'package-lock.json'), 'utf8');
  const problems = findLockFileProblems(JSON.parse(text) as LockFile); // npm wrote it.
  if (problems.length > 0) throw new ToolFailure('lock file', problems.join('\n'), 'has problems');
}

async function checkReferencePages(): Promise<void> {
  // Loaded late: it reads the built output, which the check of the types has just made.
  const { findOutdatedReferencePages } = await import('../reference/reference-pages.ts');
  const outdated = await findOutdatedReferencePages();
  if (outdated.length === 0) return;
  const text = `${outdated.join('\n')}\nWrite them again with: npm run reference`;
  throw new ToolFailure('reference pages', text, 'are out of date');
}

async function tsc(...commandLine: string[]): Promise<string> {
  return tool('tsc', 'node_modules/typescript/bin/tsc', ...commandLine, '--pretty', 'false');
}

async function tool(name: string, script: string, ...commandLine: string[]): Promise<string> {
  return runTool({
    name,
    nodeArguments: [path.join(workspaceRoot, script), ...commandLine],
    cwd: workspaceRoot,
    environment: { NEXT_TELEMETRY_DISABLED: '1', FORCE_COLOR: '0', NO_COLOR: '1' },
    signal: stopping.signal,
  });
}
