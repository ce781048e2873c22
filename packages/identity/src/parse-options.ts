import { OptionsError } from '@sallyport/core';
import type * as z from 'zod';

/** What is wrong with an option: its key, and never its value. */
export interface OptionsProblem {
  readonly key: string;
  readonly problem: string;
}

/** Checks a section of options and fills in its defaults. @throws OptionsError with every problem, by key and never by value. */
export function parseOptions<Schema extends z.ZodType>(name: string, schema: Schema, input: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(input);
  if (success) return data;
  throw optionsErrorOf(
    error.issues.map(({ path, message }) => ({ key: [name, ...path.map(String)].join('.'), problem: message })),
  );
}

/** The error that names these problems. */
export function optionsErrorOf(problems: readonly OptionsProblem[]): OptionsError {
  return new OptionsError(
    `identity cannot be built: ${problems.map(({ key, problem }) => `${key} ${problem}`).join('; ')}`,
  );
}
