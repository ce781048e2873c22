/** Codes of decisions that no rule made. */
export const reservedReasons = [
  'no-rule-allows',
  'field-not-permitted',
  'field-not-declared',
  'field-of-other-type',
  'not-allowed-after-write',
] as const;

/** The code of a rule: the one that was written, or its place in the policy. */
export function reasonOf(index: number, reason: string | undefined): string {
  return reason ?? `rule-${index}`;
}
