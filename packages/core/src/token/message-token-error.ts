import type { ErrorCode } from '../errors/error-catalog.ts';

/** What went wrong, in the order of what to do about it. */
export type MessageTokenErrorKind =
  /** 401: the token of the user is missing, has expired, or their session has ended. */
  | 'caller-unknown'
  /** 403: `messages.consumers` of the gateway does not list this service as a caller of the consumer. */
  | 'not-permitted'
  /** 404: the gateway has no such consumer in `messages.consumers`. */
  | 'not-found'
  /** 429 and 5xx: the gateway or its store cannot answer now. Try again in a moment. */
  | 'unavailable'
  /** No answer came in time, or at all. */
  | 'unreachable'
  /** What answered is not the internal listener of a gateway. */
  | 'unreadable';

/** What an error says beside its kind. */
export interface MessageTokenErrorFacts {
  readonly status?: number | undefined;
  readonly code?: ErrorCode | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Why a message was not sealed. It holds no token and nothing of a user.
 *
 * It is no `SallyportError` on purpose: that this service may not send to another one is no answer to the user whom it is
 * serving. What a service does not handle is answered with 500.
 *
 * @example
 * try {
 *   await messages.seal({ audience: 'billing', pattern: 'invoice.create', data }, request);
 * } catch (error) {
 *   if (error instanceof MessageTokenError && error.kind === 'unavailable') throw new ServiceUnavailableException();
 *   throw error;
 * }
 */
export class MessageTokenError extends Error {
  override readonly name = 'MessageTokenError';
  readonly kind: MessageTokenErrorKind;
  /** Of the answer; `undefined` where none came. */
  readonly status: number | undefined;
  /** The stable code of the answer, such as `SP_FORBIDDEN`. */
  readonly code: ErrorCode | undefined;
  /** Under which the gateway logged the request. */
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: MessageTokenErrorKind, message: string, facts: MessageTokenErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.status = facts.status;
    this.code = facts.code;
    this.requestId = facts.requestId;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}
