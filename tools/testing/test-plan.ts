/** What a run of `npm test` needs. */
export interface TestPlan {
  readonly vitestArguments: readonly string[];
  /** Whether browser tests are among what was asked for. */
  readonly needsBrowser: boolean;
}

const optionsWithValue = new Set(['-t', '--testNamePattern', '--reporter', '--retry', '--shard']);

/** Decides from the arguments of `npm test` whether the system has to be built and a browser found. */
export function planTests(commandLine: readonly string[]): TestPlan {
  const filters = commandLine.filter(
    (argument, index) => !argument.startsWith('-') && !optionsWithValue.has(commandLine[index - 1] ?? ''),
  );
  const names = commandLine
    .filter((argument) => argument.startsWith('--project='))
    .map((argument) => argument.slice(10));
  const needsBrowser =
    [...filters, ...names].length === 0 || [...filters, ...names].some((name) => name.includes('e2e'));
  return { vitestArguments: commandLine, needsBrowser };
}
