import type { CheckFinding } from '@sallyport/core';
import { ConfigurationError } from '../config/configuration-error.ts';
import { messageForOperators } from '../message-for-operators.ts';

/** Runs a rule that throws when it is broken, and turns what it throws into findings: none when it is obeyed. */
export function findingsOf(rule: () => unknown): readonly CheckFinding[] {
  try {
    rule();
    return [];
  } catch (error) {
    return toFindings(error);
  }
}

/** What the start refuses with this error. Rethrows bugs. */
export function toFindings(error: unknown): readonly CheckFinding[] {
  if (error instanceof ConfigurationError)
    return error.problems.map(({ key, problem }) => ({ kind: 'failure', key, finding: problem }));
  const finding = messageForOperators(error);
  if (finding === undefined) throw error;
  return [{ kind: 'failure', finding }];
}
