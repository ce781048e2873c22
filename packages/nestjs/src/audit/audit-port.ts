import type { Caller } from '@sallyport/core';

/** What a handler with `@Audited` did, for whom. */
export interface AuditEntry {
  /** As `@Audited` names it, such as `order.refunded`. */
  readonly action: string;
  /** `attempted` is written before a handler with `required` runs; the other two after any. */
  readonly outcome: 'attempted' | 'succeeded' | 'failed';
  readonly caller: Caller;
  /** Class and method. */
  readonly handler: string;
  /** `context.getType()` of Nest: `http`, `graphql`, `ws`, `rpc`. */
  readonly transport: string;
  /** Of an HTTP request: the same as on its log lines. */
  readonly requestId?: string;
  readonly at: Date;
  /** The code of what was thrown, or the name of its class. Never its message, which may hold anything. */
  readonly error?: string;
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
