import type { RequestContext } from '@sallyport/core';

/** By which account, under which request and from where something was done; for the event that reports it. */
export interface AuditContext {
  /** Subject id of the account that acts, or an operator, as {@link isOperator} recognizes one; absent when the actor is unknown. */
  readonly actor?: string;
  /** What the credential of the actor allows, of all that its account may do. @default everything of the account */
  readonly permissions?: readonly string[];
  readonly requestId: string;
  readonly address: string;
}

/** The actor of what is done at the command line of the process: no account, and every permission. */
const operatorActor = 'operator';

/** What the operator does at the command line. */
export const operatorContext = { actor: operatorActor, requestId: 'operator', address: 'local' } as const;

/**
 * Whether an actor is an operator: alone, or with the name of the user who ran the command, as `operator:ada`. No id of an account has
 * a colon.
 */
export function isOperator(actor: string): boolean {
  return actor === operatorActor || actor.startsWith(`${operatorActor}:`);
}

/** Where and under which request an event happened. */
export function whereOf(context: RequestContext): AuditContext {
  return { requestId: context.requestId, address: context.clientAddress };
}
