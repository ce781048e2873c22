/** Exit codes of the command line. */
export const exitCodes = {
  /** Everything was done. */
  done: 0,
  /** The command ran, and refused or found something. */
  refused: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** It cannot run now: the configuration, a running gateway, a store that does not answer. */
  unavailable: 3,
} as const;

/** A use of the command line that the operator can correct: its message says how, and no stack trace is shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.unavailable) {
    super(message);
    this.exitCode = exitCode;
  }
}
