import type { CheckFinding, DoctorCheck, Logger } from '@sallyport/core';
import { ConfigurationError } from '../config/configuration-error.ts';

/** A finding, and the check that found it. */
export interface NamedFinding {
  readonly check: string;
  readonly found: CheckFinding;
}

/** Runs a list of checks, in its order. */
export async function runChecks<Context>(
  checks: readonly DoctorCheck<Context>[],
  context: Context,
): Promise<readonly NamedFinding[]> {
  const all: NamedFinding[] = [];
  for (const check of checks) for (const found of await check.run(context)) all.push({ check: check.name, found });
  return all;
}

/**
 * Runs the checks of a step of the start, and logs their warnings.
 *
 * @param step what the operator reads the failures under, such as "start" or "Redis".
 * @throws ConfigurationError with every failure at once.
 */
export async function requireChecks<Context>(
  step: string,
  checks: readonly DoctorCheck<Context>[],
  context: Context,
  logger: Logger,
): Promise<void> {
  requireFindings(step, await runChecks(checks, context), logger);
}

/** The same of what checks have found. */
export function requireFindings(step: string, all: readonly NamedFinding[], logger: Logger): void {
  const failures = all.filter(({ found }) => found.kind === 'failure');
  if (failures.length > 0)
    throw new ConfigurationError(
      step,
      failures.map(({ check, found }) => ({ key: found.key ?? check, problem: withHint(found) })),
    );
  for (const { check, found } of all)
    if (found.kind === 'warning')
      logger.warn('a check of the start found what is not safe', {
        event: 'start-check-warning',
        check,
        finding: describeFinding(found),
        hint: found.hint,
      });
}

/** The finding as one text, with the setting at fault. */
export function describeFinding({ key, finding }: CheckFinding): string {
  return key === undefined ? finding : `${key} ${finding}`;
}

/** What is wrong and what to do, as one text. */
export function withHint({ finding, hint }: CheckFinding): string {
  return hint === undefined ? finding : `${finding}. ${hint}`;
}
