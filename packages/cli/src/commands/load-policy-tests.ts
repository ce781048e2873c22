import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, OptionsError, UsageError } from '@sallyport/core';
import { parsePolicyTests, type PolicyTests } from '@sallyport/policy/testing';
import { describeMistake, importConfig } from '@sallyport/server';

/** The names of a file of tests, where none is named. */
const usualNames = ['ts', 'mts', 'mjs', 'js'].map((ending) => `sallyport.policy-tests.${ending}`);

/**
 * Loads the tests that a file exports by default, in TypeScript as the configuration.
 *
 * @param named the file that was named on the command line; otherwise `sallyport.policy-tests.ts` or the like in the folder.
 * @throws UsageError when there is no such file, or it cannot be loaded, or its tests cannot be used.
 */
export async function loadPolicyTests(named: string | undefined, workingFolder: string): Promise<PolicyTests> {
  const path = named ?? findTests(workingFolder);
  if (!existsSync(path)) throw new UsageError(`${path} does not exist.`, exitCodes.usage);
  const loaded = await importConfig(path).catch(async (error: unknown) => {
    // The policy beside it is refused when it is defined, with a message for its author.
    const problem = error instanceof OptionsError ? error.message : await describeMistake(error, path);
    throw new UsageError(`${path} cannot be loaded: ${problem}`);
  });
  const exported = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
  if (exported === undefined)
    throw new UsageError(`${path} must have a default export: export default definePolicyTests(policy, { … })`);
  try {
    return parsePolicyTests(exported);
  } catch (error) {
    if (error instanceof OptionsError) throw new UsageError(error.message);
    throw error;
  }
}

function findTests(workingFolder: string): string {
  const [found, other] = usualNames.map((name) => join(workingFolder, name)).filter((path) => existsSync(path));
  if (found === undefined)
    throw new UsageError(
      `There is no ${usualNames[0] ?? ''} here. Write one (docs/guides/test-policies.md), or name a file with --tests.`,
      exitCodes.usage,
    );
  if (other !== undefined)
    throw new UsageError(`There are ${found} and ${other}: name one with --tests.`, exitCodes.usage);
  return found;
}
