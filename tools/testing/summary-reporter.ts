import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { workspaceRoot } from '../workspace-root.ts';
import { mergeStoreRuns, storesOf, type StoreRun } from './store-table.ts';
import type { FileResult, RunResult } from './test-summary.ts';

/** Vitest reporter: writes what each file came to into the file that TEST_RESULT_FILE names, for `npm test` to print. */
export default class SummaryReporter implements Reporter {
  readonly #startedAt = new Map<string, number>();
  readonly #endedAt = new Map<string, number>();

  onTestModuleQueued(module: TestModule): void {
    this.#startedAt.set(module.id, Date.now());
  }

  onTestModuleEnd(module: TestModule): void {
    this.#endedAt.set(module.id, Date.now());
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env['TEST_RESULT_FILE'];
    if (file === undefined) return;
    const files = modules.map((module) => ({ ...toFileResult(module), clock: this.#clockOf(module) }));
    const result: RunResult = { files, unhandledErrors: unhandledErrors.length };
    writeFileSync(file, JSON.stringify(result));
  }

  #clockOf({ id, project, moduleId }: TestModule): FileResult['clock'] {
    const [startedAt, endedAt] = [this.#startedAt.get(id), this.#endedAt.get(id)];
    if (startedAt === undefined || endedAt === undefined) return undefined;
    const file = path.relative(workspaceRoot, moduleId).replaceAll('\\', '/');
    // A file of the browser suite runs once for each combination of stores.
    const combination = /\[.*\]/.exec(project.name)?.[0];
    const name = combination === undefined ? file : `${file} ${combination}`;
    return { project: { name: project.name, startedAt, endedAt }, file: { name, startedAt, endedAt } };
  }
}

function toFileResult(module: TestModule): FileResult {
  const tests = [...module.children.allTests()];
  const failed = tests.filter((test) => test.result().state === 'failed').length;
  // A file that does not load, or a hook that throws, fails without any of its tests failing.
  const outside =
    module.errors().length + [...module.children.allSuites()].filter((suite) => suite.errors().length > 0).length;
  return {
    suite: suiteOf(module),
    passed: tests.filter((test) => test.result().state === 'passed').length,
    failed: failed + outside === 0 && !module.ok() ? 1 : failed + outside,
    seconds: module.diagnostic().duration / 1000,
    skipped: tests
      .filter((test) => test.result().state === 'skipped')
      .map((test) => ({
        name: test.fullName,
        reason: skipReason(test.result()),
        stores: storesOf(titlesOf(test), module.project.name)?.stores,
      })),
    secondTries: tests.filter((test) => test.diagnostic()?.flaky === true).map((test) => test.fullName),
    storeRuns: mergeStoreRuns(tests.flatMap((test) => toStoreRun(test, module.project.name))),
  };
}

function toStoreRun(test: TestCase, project: string): readonly StoreRun[] {
  const stores = storesOf(titlesOf(test), project);
  if (stores === undefined) return [];
  const { state } = test.result();
  return [
    {
      ...stores,
      passed: state === 'passed' ? 1 : 0,
      failed: state === 'failed' ? 1 : 0,
      skipped: state === 'skipped' ? 1 : 0,
    },
  ];
}

/** Names of the describe blocks around a test, the nearest first. */
function titlesOf(test: TestCase): readonly string[] {
  const titles: string[] = [];
  for (let { parent } = test; parent.type === 'suite'; { parent } = parent) titles.push(parent.name);
  return titles;
}

function skipReason(result: object): string {
  return 'note' in result && typeof result.note === 'string' ? result.note : 'no reason given';
}

/** Unit tests are shown by workspace, the others by project. */
function suiteOf(module: TestModule): string {
  if (module.project.name !== 'unit') return module.project.name;
  const folders = path.relative(workspaceRoot, module.moduleId).split(path.sep).slice(0, -1);
  const depth =
    folders[0] === 'apps' && folders[1] === 'zones' ? 3 : ['tools', 'bench'].includes(folders[0] ?? '') ? 1 : 2;
  return folders.slice(0, depth).join('/');
}
