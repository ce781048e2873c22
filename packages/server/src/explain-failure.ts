import { SallyportError } from '@sallyport/core';
import { messageForOperators } from './message-for-operators.ts';

/** What an operator reads when the start fails: what is wrong and what to do. A stack trace only for faults of ours. */
export function explainFailure(error: unknown): string {
  const message = messageForOperators(error);
  if (message !== undefined) return message;
  if (error instanceof SallyportError && error.code === 'SP_STORE_UNAVAILABLE') {
    return `The database cannot be used: ${reasonOf(error)}. If it is the one in the data folder, close what else uses it, or check space and permissions; if DATABASE_URL names another, check that it runs and may be written. Then start again.`;
  }
  const stack = error instanceof Error ? `\n${error.stack ?? error.message}` : '';
  return `The gateway could not start.${stack}`;
}

function reasonOf(error: SallyportError): string {
  return error.cause instanceof Error ? error.cause.message : 'it does not answer';
}
