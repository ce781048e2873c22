import { OptionsError, SallyportError } from '@sallyport/core';
import { StoreInUse } from '@sallyport/stores';
import { WorkerFailed } from './workers/worker-failed.ts';
import { ConfigurationError } from './config/configuration-error.ts';

/** What a person reads when the start fails: what is wrong and what to do. A stack trace only for faults of ours. */
export function explainFailure(error: unknown): string {
  const isForOperators =
    error instanceof ConfigurationError ||
    error instanceof OptionsError ||
    error instanceof StoreInUse ||
    error instanceof WorkerFailed;
  if (isForOperators) return error.message;
  if (error instanceof SallyportError && error.code === 'SP_STORE_UNAVAILABLE') {
    return `The database cannot be used: ${reasonOf(error)}. If it is the one in the data folder, close what else uses it, or check space and permissions; if DATABASE_URL names another, check that it runs and may be written. Then start again.`;
  }
  if (!(error instanceof Error)) return 'The gateway could not start.';
  return isExplained(error) ? error.message : `The gateway could not start.\n${error.stack ?? error.message}`;
}

function reasonOf(error: SallyportError): string {
  return error.cause instanceof Error ? error.cause.message : 'it does not answer';
}

/** Errors whose message was written for the operator: a busy port, a weak secret, a damaged file. */
function isExplained(error: Error): boolean {
  return error.constructor === Error || error.constructor === TypeError;
}
