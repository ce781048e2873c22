import { alignColumns } from '../launch/start-summary.ts';
import type { ClockSpan } from './clock-table.ts';
import { toStoreTable, waitsForAbsentStore, type AbsentStores, type StoreRun } from './store-table.ts';

/** What one test file came to. */
export interface FileResult {
  readonly suite: string;
  /** When it ran, named as the project and as the file; absent when it never started. */
  readonly clock?: { readonly project: ClockSpan; readonly file: ClockSpan } | undefined;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  readonly skipped: readonly SkippedTest[];
  /** Names of tests that failed first and passed when they were repeated. */
  readonly secondTries?: readonly string[];
  readonly storeRuns: readonly StoreRun[];
}

export interface SkippedTest {
  readonly name: string;
  readonly reason: string;
  /** The stores that it runs on, where it names any. */
  readonly stores?: string | undefined;
}

/** What the reporter hands over when Vitest has finished. */
export interface RunResult {
  readonly files: readonly FileResult[];
  readonly unhandledErrors: number;
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

/** An error outside of every test is a failure too. */
export function totalsOf({ files, unhandledErrors }: RunResult): Totals {
  return {
    passed: files.reduce((sum, file) => sum + file.passed, 0),
    failed: files.reduce((sum, file) => sum + file.failed, unhandledErrors),
  };
}

/**
 * A table of suites, every skipped test by name, and how many cases ran on which store. Tests that wait for a store which is
 * not there are not listed one by one: the table and the reason below it say so.
 */
export function toSummary(result: RunResult, absent: AbsentStores = {}): string {
  const suites = Map.groupBy(result.files, ({ suite }) => suite);
  const rows = [...suites]
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([suite, files]) => [
      suite,
      String(files.length),
      String(files.reduce((sum, file) => sum + file.passed, 0)),
      String(files.reduce((sum, file) => sum + file.failed, 0)),
      files.reduce((sum, file) => sum + file.seconds, 0).toFixed(1),
    ]);
  const skipped = result.files
    .flatMap((file) => file.skipped)
    .filter(({ stores }) => !waitsForAbsentStore(stores, absent))
    .map(({ name, reason }) => `  ${name}: ${reason}`);
  const secondTries = result.files.flatMap((file) => file.secondTries ?? []);
  return [
    ...alignColumns([['suite', 'files', 'passed', 'failed', 'seconds'], ...rows]),
    ...(result.unhandledErrors > 0 ? ['', `Errors outside of every test: ${result.unhandledErrors}`] : []),
    ...(secondTries.length > 0
      ? ['', 'Passed at the second try only:', ...secondTries.map((name) => `  ${name}`)]
      : []),
    ...(skipped.length > 0 ? ['', 'Skipped:', ...skipped] : []),
    ...toStoreTable(
      result.files.flatMap((file) => file.storeRuns),
      absent,
    ),
  ].join('\n');
}
