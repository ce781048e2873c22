/** Injects the options, after they were checked. */
export const SALLYPORT_OPTIONS = Symbol('sallyport:options');

/** Injects the `TokenVerifier` of this service, for a transport or strategy of your own. */
export const TOKEN_VERIFIER = Symbol('sallyport:token-verifier');

/** What the verifier of this service stands on. */
export const SERVICE_TRUST = Symbol('sallyport:service-trust');
