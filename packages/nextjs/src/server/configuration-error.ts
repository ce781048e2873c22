/** The environment of this application is missing something or holds something unusable. Names keys, never values. */
export class SallyportConfigurationError extends Error {
  override readonly name = 'SallyportConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `Sallyport is not configured in this application:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}
