import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { buildPackages, buildSystem } from '../build/build-system.ts';
import { createProgress, type Progress } from '../build/progress.ts';
import { spawnTree } from '../processes/process-tree.ts';
import { reportFailure } from '../processes/report-failure.ts';
import { onStopRequest } from '../processes/stop-requests.ts';
import { noTestServers, startTestServers, type TestServers } from '../test-servers/test-servers.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { toClockTable, type ClockSpan } from './clock-table.ts';
import { findChromium } from './find-chromium.ts';
import { scopeVariable } from './only-in-all.ts';
import { planTests } from './test-plan.ts';
import { toSummary, totalsOf, type RunResult } from './test-summary.ts';

const nothingRan: RunResult = { files: [], unhandledErrors: 0 };
const isCi = !['', '0', 'false', undefined].includes(process.env['CI']);
const stopping = new AbortController();
const startedAt = Date.now();
const [loadBefore = 0] = loadavg();
let servers: TestServers = noTestServers;

onStopRequest(async () => {
  stopping.abort();
  void servers.stop();
  // Children have a second for an orderly end; leaving ends those that did not use it.
  await new Promise((resolve) => setTimeout(resolve, 1000));
});

const { scope, vitestArguments, needsBrowser, needsPackages, needsServers } = planTests(process.argv.slice(2));
try {
  const chromium = needsBrowser ? findChromium() : undefined;
  const withoutBrowser = needsBrowser && chromium === undefined;
  const progress = createProgress(process.stderr);
  await Promise.all([
    needsServers ? openServers(progress) : undefined,
    build(progress, needsBrowser && (chromium !== undefined || isCi)),
  ]);
  const preparation: ClockSpan = { name: 'building, and starting stores', startedAt, endedAt: Date.now() };
  const { exitCode, result } = await runVitest(withoutBrowser, chromium);
  await servers.stop();

  console.log(`\n${toSummary(result, servers.absent)}`);
  if (withoutBrowser) {
    console.log('\nBrowser tests (test/e2e) did not run: no Chromium. Install it, or name it in CHROME_PATH.');
  }
  const { passed, failed } = totalsOf(result);
  // A machine of our own has everything: what is missing there is a failure of the run.
  const missing = isCi ? Object.keys(servers.absent).length + (withoutBrowser ? 1 : 0) : 0;
  if (passed + failed === 0) console.log('\nNo test ran.');
  console.log(`\n${clockTableOf(preparation, result).join('\n')}`);
  console.log(`\n${passed} passed, ${failed + missing} failed`);
  // At once: nothing that a test left open may keep this process.
  process.exit(exitCode !== 0 || failed + missing > 0 || passed === 0 ? 1 : 0);
} catch (error) {
  await servers.stop();
  if (!stopping.signal.aborted) {
    reportFailure(error);
    console.log('\n0 passed, 1 failed');
    // Servers that are still starting end with this process.
    process.exit(1);
  }
}

function clockTableOf(preparation: ClockSpan, { files }: RunResult): readonly string[] {
  const clocks = files.flatMap(({ clock }) => (clock === undefined ? [] : [clock]));
  const [after = 0] = loadavg();
  return toClockTable(
    [preparation, ...clocks.map(({ project }) => project)],
    clocks.map(({ file }) => file),
    { cores: availableParallelism(), before: loadBefore, after },
  );
}

async function build(progress: Progress, isWhole: boolean): Promise<void> {
  const { signal } = stopping;
  if (isWhole) await buildSystem({ root: workspaceRoot, progress, signal });
  else if (needsPackages)
    await progress.step('Building packages and services', () => buildPackages(workspaceRoot, signal));
}

async function openServers(progress: Progress): Promise<void> {
  servers = await startTestServers({ progress, signal: stopping.signal, environment: process.env });
  if (stopping.signal.aborted) await servers.stop();
}

async function runVitest(
  withoutBrowser: boolean,
  chromium: string | undefined,
): Promise<{ readonly exitCode: number; readonly result: RunResult }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-test-'));
  const resultFile = path.join(folder, 'result.json');
  const reporter = path.join(workspaceRoot, 'tools/testing/summary-reporter.ts');
  try {
    const tree = spawnTree(
      [
        path.join(workspaceRoot, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--reporter=default',
        `--reporter=${reporter}`,
        ...(withoutBrowser ? ['--project=!e2e*'] : []),
        ...vitestArguments,
      ],
      {
        cwd: workspaceRoot,
        env: {
          ...withoutStores(process.env),
          ...servers.environment,
          TEST_RESULT_FILE: resultFile,
          [scopeVariable]: scope,
          // Vitest colours its output wherever CI is set; in a log file that is noise.
          ...(process.stdout.isTTY || process.env['FORCE_COLOR'] !== undefined ? {} : { NO_COLOR: '1' }),
          ...(chromium === undefined ? {} : { CHROME_PATH: chromium }),
        },
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    stopping.signal.addEventListener('abort', () => void tree.terminate(900), { once: true });
    const { code } = await tree.exited;
    return { exitCode: code ?? 1, result: readResult(resultFile) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tests run on the servers of this run, never on those that a developer's system is configured with. */
function withoutStores(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => !/^(?:DATABASE|REDIS|MONGODB)_URL(?:_FILE)?$/.test(name)),
  );
}

function readResult(file: string): RunResult {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunResult; // Written by summary-reporter.ts a moment ago.
  } catch {
    return nothingRan;
  }
}
