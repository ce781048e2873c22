import type { RequestContext } from '@sallyport/core';

/** By which account, under which request and from where something was done; for the event that reports it. */
export interface AuditContext {
  /** Subject id of the account that acts; absent when it is the operator of the process. */
  readonly actor?: string;
  readonly requestId: string;
  readonly address: string;
}

/** Where and under which request an event happened. */
export function whereOf(context: RequestContext): AuditContext {
  return { requestId: context.requestId, address: context.clientAddress };
}
