/* Registered symbols: the ES modules of this package and its CommonJS build have the same. */

/** Injects the options, after they were checked. A test replaces them with `overrideProvider(SALLYPORT_OPTIONS)`. */
export const SALLYPORT_OPTIONS = Symbol.for('@sallyport/nestjs:options');

/**
 * Injects the `TokenVerifier` of this service, for a transport or strategy of your own. A test replaces it with
 * `overrideProvider(TOKEN_VERIFIER)`.
 */
export const TOKEN_VERIFIER = Symbol.for('@sallyport/nestjs:token-verifier');

/** Injects the `TokenVerifier` of API keys that come to this service itself; `undefined` where it asks about none. */
export const API_KEY_VERIFIER = Symbol.for('@sallyport/nestjs:api-key-verifier');

/** Finds out for which user a message was sent. */
export const MESSAGE_TRUST = Symbol.for('@sallyport/nestjs:message-trust');

/** What the verifier of this service stands on. */
export const SERVICE_TRUST = Symbol.for('@sallyport/nestjs:service-trust');

/** The client certificates that the service looks at; `undefined` where it looks at none. */
export const SERVICE_CERTIFICATES = Symbol.for('@sallyport/nestjs:service-certificates');

/** Injects the options of `SallyportUsers`. */
export const SALLYPORT_USERS_OPTIONS = Symbol.for('@sallyport/nestjs:users-options');
