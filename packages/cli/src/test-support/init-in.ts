import { expect } from 'vitest';
import { makeRepository, type Files, type TeamRepository } from './repositories.ts';

/** Makes a repository and runs `sallyport init` in it, which has to succeed. */
export async function initIn(
  packages: string,
  files: Files,
  ...args: readonly string[]
): Promise<TeamRepository & { readonly output: string }> {
  const repository = makeRepository(files);
  const { code, output, errors } = await repository.init(['--yes', '--packages', packages, ...args]);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return { ...repository, output };
}
