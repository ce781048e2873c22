import { sharedWeakMap } from '../shared-across-builds.ts';

/** What the policy denied. */
export interface PolicyDenial {
  readonly action: string;
  readonly type: string;
  /** The `id` of the record, where it has one that is safe in a line of a log. */
  readonly record?: string;
  /** Reason code of the rule that decided; `no-rule-allows` where none did. */
  readonly reason: string;
  /** Index of that rule in the policy. */
  readonly rule?: number;
  /** Fields that were not to be changed, or not to be shown. */
  readonly fields?: readonly string[];
}

/** The same, with what is written for administrators: for the log alone. */
export interface ExplainedDenial extends PolicyDenial {
  readonly explanation: string;
}

const denials = sharedWeakMap<object, ExplainedDenial>('policy-denials');

/** Notes what an error was thrown for. */
export function rememberDenialOf(error: object, denial: ExplainedDenial): void {
  denials.set(error, denial);
}

/** What an error was thrown for; `undefined` where the policy did not deny anything. */
export function denialOf(error: object): ExplainedDenial | undefined {
  return denials.get(error);
}
