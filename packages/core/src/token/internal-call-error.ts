import type { ErrorCode } from '../errors/error-catalog.ts';

/** What an error says beside its kind. */
export interface InternalCallErrorFacts {
  readonly status?: number | undefined;
  readonly code?: ErrorCode | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Why the internal listener of a gateway gave a service nothing. It holds no token and nothing of a user.
 *
 * It is no `SallyportError` on purpose: what a service may not do must not become the answer to the user whom it is serving,
 * which would sign them out, or tell them that a page is not there. What a service does not handle is answered with 500.
 */
export class InternalCallError<Kind extends string> extends Error {
  override readonly name: string = 'InternalCallError';
  /** What went wrong, in the order of what to do about it. */
  readonly kind: Kind;
  /** Of the answer; `undefined` where none came. */
  readonly status: number | undefined;
  /** The stable code of the answer, such as `SP_FORBIDDEN`. */
  readonly code: ErrorCode | undefined;
  /** Under which the gateway logged the request. */
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: Kind, message: string, facts: InternalCallErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.status = facts.status;
    this.code = facts.code;
    this.requestId = facts.requestId;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}
