import type { ErrorCode, FieldError } from '@sallyport/core';

/** What went wrong, in the order of what to do about it. */
export type UsersErrorKind =
  /** 400, 413, 415, 422: the order itself is wrong; `fields` names what. */
  | 'invalid'
  /** 404: there is no such account. */
  | 'not-found'
  /** 409: an address has an account, the last manager stays, or the account changed meanwhile. `code` says which. */
  | 'conflict'
  /** 403: the permission is missing, or the change goes beyond what the key may do. */
  | 'forbidden'
  /** 401: the key is none, or was revoked. */
  | 'unauthenticated'
  /** 429: too many requests; `retryAfterSeconds` says how long to wait. */
  | 'limited'
  /** 5xx: the gateway cannot answer now. */
  | 'unavailable'
  /** No answer came in time, or at all: a change may have been made, or not. */
  | 'unreachable'
  /** What answered is not the users API: a wrong `url`, or a proxy in between. */
  | 'unreadable';

/** What an error says beside its kind. */
export interface UsersErrorFacts {
  readonly status?: number | undefined;
  readonly code?: ErrorCode | undefined;
  readonly fields?: readonly FieldError[] | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A refusal or failure of the users API. It holds no key and no value that was sent.
 *
 * It is no `SallyportError` on purpose: a 401 about the key of this service must not become a 401 for the user whom the
 * service is serving, which would sign them out. What a service does not handle is answered with 500.
 *
 * @example
 * try {
 *   await users.create({ email, name });
 * } catch (error) {
 *   if (error instanceof UsersError && error.kind === 'conflict') return users.findByEmail(email);
 *   throw error;
 * }
 */
export class UsersError extends Error {
  override readonly name = 'UsersError';
  readonly kind: UsersErrorKind;
  /** Of the answer; `undefined` where none came. */
  readonly status: number | undefined;
  /** The stable code of the answer, such as `SP_LAST_MANAGER`. */
  readonly code: ErrorCode | undefined;
  /** The fields that were refused, and why. */
  readonly fields: readonly FieldError[];
  /** Under which the gateway logged the request. */
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: UsersErrorKind, message: string, facts: UsersErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.status = facts.status;
    this.code = facts.code;
    this.fields = facts.fields ?? [];
    this.requestId = facts.requestId;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}
