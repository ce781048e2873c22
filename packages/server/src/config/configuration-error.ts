import { OptionsError } from '@sallyport/core';

/** One thing that is wrong with the configuration: the key, what is wrong with it, and how to correct it. Never the value. */
export interface ConfigurationProblem {
  readonly key: string;
  readonly problem: string;
}

/** Problems, and where they were found: "environment", "start", a file. */
export interface FoundProblems {
  readonly source: string;
  readonly problems: readonly ConfigurationProblem[];
}

/** Stops the start. Its message lists all problems at once. */
export class ConfigurationError extends OptionsError {
  override readonly name = 'ConfigurationError';
  readonly source: string;
  readonly problems: readonly ConfigurationProblem[];

  constructor(source: string, problems: readonly ConfigurationProblem[]) {
    super(describeProblems(source, problems));
    this.source = source;
    this.problems = problems;
  }

  /** One error for what was found in several places, in their order. */
  static of(found: readonly FoundProblems[]): ConfigurationError {
    const sources = new Set(found.filter(({ problems }) => problems.length > 0).map(({ source }) => source));
    return new ConfigurationError(
      [...sources].join(', '),
      withoutRepetitions(found.flatMap(({ problems }) => problems)),
    );
  }
}

/** Two checks may find the same. */
function withoutRepetitions(problems: readonly ConfigurationProblem[]): readonly ConfigurationProblem[] {
  return [...new Map(problems.map((each) => [JSON.stringify([each.key, each.problem]), each])).values()];
}

function describeProblems(source: string, problems: readonly ConfigurationProblem[]): string {
  const width = Math.max(...problems.map(({ key }) => key.length));
  const lines = problems.map(({ key, problem }) => `  ${key.padEnd(width)}  ${problem}`);
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return `The configuration (${source}) has ${count}. Nothing was started.\n${lines.join('\n')}\nEvery key is described in docs/reference/configuration.md, in the package sallyport and in its repository.`;
}
