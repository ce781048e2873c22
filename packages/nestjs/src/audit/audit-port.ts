import type { Caller } from '@sallyport/core';
import type { PolicyDenial } from '../policy/policy-denial.ts';

/** What a handler with `@Audited` did, for whom. */
export interface AuditEntry {
  /** As `@Audited` names it, such as `order.refunded`; of a denial without such a name type and action, such as `Order.update`. */
  readonly action: string;
  /**
   * `attempted` is written before a handler with `required` runs, `succeeded` and `failed` after any, `denied` where the
   * policy refused a caller that is known.
   */
  readonly outcome: 'attempted' | 'succeeded' | 'failed' | 'denied';
  readonly caller: Caller;
  /** Class and method; absent where a service asked the policy. */
  readonly handler?: string;
  /** `context.getType()` of Nest: `http`, `graphql`, `ws`, `rpc`; absent with `handler`. */
  readonly transport?: string;
  /** Of an HTTP request: the same as on its log lines. */
  readonly requestId?: string;
  readonly at: Date;
  /** The code of what was thrown, or the name of its class. Never its message, which may hold anything. */
  readonly error?: string;
  /** What the policy denied; with the outcome `denied` alone. */
  readonly denial?: PolicyDenial;
}

/** Where audit entries go: a table of the service, a queue, the audit log of the gateway. */
export interface AuditPort {
  /** Resolves when the entry is durable, and rejects when it is not. */
  record(entry: AuditEntry): Promise<void>;
}

/** How a handler is audited. */
export interface AuditedOptions {
  /**
   * Writes that the action is attempted before the handler runs, and answers 503 `SP_SERVICE_UNAVAILABLE` instead where that
   * cannot be written. @default false: the action counts, and an entry that is lost is a line in the log
   */
  readonly required?: boolean;
}

/** What `@Audited` declares. */
export interface AuditedAction extends AuditedOptions {
  readonly action: string;
}

/** Registered: a class may be decorated by the CommonJS build of this package and read by its ES modules. */
const auditedKey = Symbol.for('@sallyport/nestjs:audited');

/** Declares that a handler is audited. */
export function setAuditedAction(handler: object, audited: AuditedAction): void {
  Reflect.defineMetadata(auditedKey, audited, handler);
}

/** How a handler is audited; `undefined` where it is not. */
export function auditedActionOf(handler: object): AuditedAction | undefined {
  // Only `setAuditedAction` writes under this symbol.
  return Reflect.getMetadata(auditedKey, handler) as AuditedAction | undefined;
}
