import { OptionsError } from '@sallyport/core';
import { WorkerFailed } from './workers/worker-failed.ts';

/**
 * The sentence that an error holds for the operator: of bad options and settings, and of the operating system.
 * `undefined` for every other error, a native `TypeError` among them: it is a bug, and is shown with its stack.
 */
export function messageForOperators(error: unknown): string | undefined {
  const isForOperators = error instanceof OptionsError || error instanceof WorkerFailed || isSystemError(error);
  return isForOperators ? error.message : undefined;
}

/** An error of a system call, such as a file that may not be read. Node names the call and the path in its message. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}
