import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSystem } from '../build/build-system.ts';
import { createProgress } from '../build/progress.ts';
import { spawnTree } from '../processes/process-tree.ts';
import { reportFailure } from '../processes/report-failure.ts';
import { onStopRequest } from '../processes/stop-requests.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { findChromium } from './find-chromium.ts';
import { planTests } from './test-plan.ts';
import { toSummary, totalsOf, type RunResult } from './test-summary.ts';

const nothingRan: RunResult = { files: [], unhandledErrors: 0 };
const isCi = !['', '0', 'false', undefined].includes(process.env['CI']);
const stopping = new AbortController();

onStopRequest(async () => {
  stopping.abort();
  // Children have a second for an orderly end; leaving ends whoever did not use it.
  await new Promise((resolve) => setTimeout(resolve, 1000));
});

const { vitestArguments, needsBrowser } = planTests(process.argv.slice(2));
try {
  const chromium = needsBrowser ? findChromium() : undefined;
  if (needsBrowser && (chromium !== undefined || isCi)) {
    const progress = createProgress(process.stderr);
    await buildSystem({ root: workspaceRoot, progress, signal: stopping.signal });
  }
  const withoutBrowser = needsBrowser && chromium === undefined;
  const { exitCode, result } = await runVitest(withoutBrowser, chromium);

  console.log(`\n${toSummary(result)}`);
  if (withoutBrowser) {
    console.log('\nBrowser tests (test/e2e) did not run: no Chromium. Install it, or name it in CHROME_PATH.');
  }
  const { passed, failed } = totalsOf(result);
  const missingBrowser = withoutBrowser && isCi ? 1 : 0;
  if (passed + failed === 0) console.log('\nNo test ran.');
  console.log(`\n${passed} passed, ${failed + missingBrowser} failed`);
  // At once: nothing that a test left open may keep this process.
  process.exit(exitCode !== 0 || failed + missingBrowser > 0 || passed === 0 ? 1 : 0);
} catch (error) {
  if (!stopping.signal.aborted) {
    reportFailure(error);
    console.log('\n0 passed, 1 failed');
  }
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
        ...(withoutBrowser ? ['--project=!e2e'] : []),
        ...vitestArguments,
      ],
      {
        cwd: workspaceRoot,
        env: {
          ...process.env,
          TEST_RESULT_FILE: resultFile,
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

function readResult(file: string): RunResult {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunResult; // Written by summary-reporter.ts a moment ago.
  } catch {
    return nothingRan;
  }
}
