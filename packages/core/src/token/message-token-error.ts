import { InternalCallError } from './internal-call-error.ts';

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

/**
 * Why a message was not sealed.
 *
 * @example
 * try {
 *   await messages.seal({ audience: 'billing', pattern: 'invoice.create', data }, request);
 * } catch (error) {
 *   if (error instanceof MessageTokenError && error.kind === 'unavailable') throw new ServiceUnavailableException();
 *   throw error;
 * }
 */
export class MessageTokenError extends InternalCallError<MessageTokenErrorKind> {
  override readonly name = 'MessageTokenError';
}
