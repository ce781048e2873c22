import { InternalCallError } from './internal-call-error.ts';

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

/**
 * Why there is no token of an identity provider.
 *
 * @example
 * try {
 *   await tokens.get('google', request);
 * } catch (error) {
 *   if (error instanceof ProviderTokenError && error.kind === 'sign-in-required') return { connect: 'google' };
 *   throw error;
 * }
 */
export class ProviderTokenError extends InternalCallError<ProviderTokenErrorKind> {
  override readonly name = 'ProviderTokenError';
}
