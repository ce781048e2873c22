import type { RequestContext } from '@sallyport/core';

/** By which account, under which request and from where something was done; for the event that reports it. */
export interface AuditContext {
  /** Subject id of the account that acts, or `operatorActor`; absent when nobody is known to act. */
  readonly actor?: string;
  readonly requestId: string;
  readonly address: string;
}

/** The actor of what is done at the command line of the process: no account, and every permission. */
export const operatorActor = 'operator';

/** What the operator does at the command line. */
export const operatorContext = { actor: operatorActor, requestId: 'operator', address: 'local' } as const;

/** Where and under which request an event happened. */
export function whereOf(context: RequestContext): AuditContext {
  return { requestId: context.requestId, address: context.clientAddress };
}
