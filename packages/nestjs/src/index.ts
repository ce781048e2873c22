export { Authenticated, Permissions, Public, Roles, StepUp } from './declare-access.ts';
export { SALLYPORT_OPTIONS, TOKEN_VERIFIER } from './injection-tokens.ts';
export type { IntrospectionOptions } from './introspection-options.ts';
export { passportSharedSecret, type SecretOrKeyProvider } from './passport-shared-secret.ts';
export { callerOf, CurrentPrincipal } from './request-caller.ts';
export { refuseAmbiguousJson } from './refuse-ambiguous-json.ts';
export { requestIdOf } from './request-id.ts';
export { SallyportModule, type SallyportAsyncOptions } from './sallyport-module.ts';
export type { RevocationOptions, SallyportOptions } from './sallyport-options.ts';
export {
  applySallyportSwagger,
  swaggerSecurityScheme,
  type ApplicationLike,
  type OpenApiConfigLike,
} from './swagger.ts';
export { toValidationError, type ValidationIssue } from './validation-error.ts';
// What a service needs of core, so that it depends on one package of ours.
export {
  OptionsError,
  SallyportError,
  type Caller,
  type Logger,
  type Principal,
  type TokenVerifier,
} from '@sallyport/core';
