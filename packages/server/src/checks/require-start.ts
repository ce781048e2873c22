import { silentLogger, type Logger } from '@sallyport/core';
import { requireFindings, runChecks } from './require-checks.ts';
import type { StartCheck, StartContext } from './start-context.ts';

/**
 * Runs the checks of a start. What may end by itself stops no start that waits for another gateway anyway: that one may be
 * what holds the ports. {@link requireAfterClaim} asks again.
 *
 * @throws ConfigurationError with every failure at once.
 */
export async function requireStart(
  checks: readonly StartCheck[],
  context: StartContext,
  logger: Logger,
): Promise<void> {
  const all = await runChecks(checks, context);
  const failures = all.filter(({ found }) => found.kind === 'failure');
  const isWaitedFor = waitsForClaim(context) && failures.every(({ found }) => found.mayEndByItself === true);
  requireFindings('start', isWaitedFor ? all.filter((one) => !failures.includes(one)) : all, logger);
}

/**
 * Runs checks of the start once more where {@link requireStart} may have passed over what they found, when no other gateway
 * is on the database any more and nothing has been changed in it yet. Warnings have been logged then.
 *
 * @throws ConfigurationError with every failure at once.
 */
export async function requireAfterClaim(checks: readonly StartCheck[], context: StartContext): Promise<void> {
  if (waitsForClaim(context)) requireFindings('start', await runChecks(checks, context), silentLogger);
}

/** With Redis several gateways share a database, and the claim on a data folder is refused at once. */
function waitsForClaim({ environment }: StartContext): boolean {
  return environment.databaseUrl !== undefined && environment.redisUrl === undefined;
}
