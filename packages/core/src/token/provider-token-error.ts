import type { ErrorCode } from '../errors/error-catalog.ts';

/** What went wrong, in the order of what to do about it. */
export type ProviderTokenErrorKind =
  /** 409: the provider takes the tokens of this user no longer. Have them sign in with it again. */
  | 'sign-in-required'
  /** 404 `SP_PROVIDER_NOT_CONNECTED`: the user has connected no account of the provider. Offer it. */
  | 'not-connected'
  /** 401: the token of the user is missing, has expired, or their session has ended. */
  | 'caller-unknown'
  /** 403: the route of this service does not list the provider, or the user may not act. */
  | 'not-permitted'
  /** 404: the gateway keeps no tokens of such a provider, or there is no such address. */
  | 'not-found'
  /** 429 and 5xx: the gateway, its store or the provider cannot answer now. Try again in a moment. */
  | 'unavailable'
  /** No answer came in time, or at all. */
  | 'unreachable'
  /** What answered is not the internal listener of a gateway. */
  | 'unreadable';

/** What an error says beside its kind. */
export interface ProviderTokenErrorFacts {
  readonly status?: number | undefined;
  readonly code?: ErrorCode | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Why there is no token of an identity provider. It holds no token and nothing of a user.
 *
 * It is no `SallyportError` on purpose: what is said about a provider must not become the answer to the user whom the service
 * is serving, which would sign them out, or tell them that a page is not there. What a service does not handle is
 * answered with 500.
 *
 * @example
 * try {
 *   await tokens.get('google', request);
 * } catch (error) {
 *   if (error instanceof ProviderTokenError && error.kind === 'sign-in-required') return { connect: 'google' };
 *   throw error;
 * }
 */
export class ProviderTokenError extends Error {
  override readonly name = 'ProviderTokenError';
  readonly kind: ProviderTokenErrorKind;
  /** Of the answer; `undefined` where none came. */
  readonly status: number | undefined;
  /** The stable code of the answer, such as `SP_PROVIDER_SIGN_IN_REQUIRED`. */
  readonly code: ErrorCode | undefined;
  /** Under which the gateway logged the request. */
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ProviderTokenErrorKind, message: string, facts: ProviderTokenErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.status = facts.status;
    this.code = facts.code;
    this.requestId = facts.requestId;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}
