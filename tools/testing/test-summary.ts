import { alignColumns } from '../launch/start-summary.ts';

/** What one test file came to. */
export interface FileResult {
  readonly suite: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
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

/** A table of suites, then every skipped test by name. */
export function toSummary(result: RunResult): string {
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
  const skipped = result.files.flatMap((file) => file.skipped.map(({ name, reason }) => `  ${name}: ${reason}`));
  return [
    ...alignColumns([['suite', 'files', 'passed', 'failed', 'seconds'], ...rows]),
    ...(result.unhandledErrors > 0 ? ['', `Errors outside of every test: ${result.unhandledErrors}`] : []),
    ...(skipped.length > 0 ? ['', 'Skipped:', ...skipped] : []),
  ].join('\n');
}
