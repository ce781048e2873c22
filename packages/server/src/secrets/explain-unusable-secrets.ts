import { OptionsError } from '@sallyport/core';
import { WorkerFailed } from '../workers/worker-failed.ts';

/** Why secrets cannot be used, for the operator. A bug is named by its class alone: its message may quote what it was reading. */
export function explainUnusableSecrets(error: unknown): string {
  if (error instanceof OptionsError || error instanceof WorkerFailed) return error.message;
  return `cannot be used (${error instanceof Error ? error.name : 'unknown'})`;
}
