/** Stable codes of what can be wrong with options. A code is never used for anything else. */
export type OptionsErrorCode =
  /** An option is missing, or has a value that cannot be used. */
  | 'SP_OPTIONS_INVALID'
  /** The policy differs from the roles that are stored. */
  | 'SP_OPTIONS_POLICY_DIFFERS';

/**
 * Refuses options when something is built, with a message written for the operator. It is the only error of a start
 * that is shown without its stack for what it says: a native `TypeError` is a bug, and keeps its stack.
 */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
  readonly code: OptionsErrorCode;

  constructor(message: string, code: OptionsErrorCode = 'SP_OPTIONS_INVALID', options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
