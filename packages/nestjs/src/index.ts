export { Authenticated, Permissions, Public, Roles, StepUp } from './declare-access.ts';
export { SALLYPORT_OPTIONS, SALLYPORT_USERS_OPTIONS, TOKEN_VERIFIER } from './injection-tokens.ts';
export type { IntrospectionOptions } from './introspection-options.ts';
export { passportSharedSecret, type SecretOrKeyProvider } from './passport-shared-secret.ts';
export { callerOf, CurrentPrincipal } from './request-caller.ts';
export { ProviderTokens, type ProviderTokenInit } from './provider-tokens/provider-tokens.ts';
export { refuseAmbiguousJson } from './refuse-ambiguous-json.ts';
export { requestIdOf } from './request-id.ts';
export { SallyportModule, type SallyportAsyncOptions } from './sallyport-module.ts';
export type {
  ConnectionOptions,
  ProviderTokensOptions,
  RevocationOptions,
  SallyportOptions,
} from './sallyport-options.ts';
export {
  applySallyportSwagger,
  swaggerSecurityScheme,
  type ApplicationLike,
  type OpenApiConfigLike,
} from './swagger.ts';
export { SallyportUsersModule, type SallyportUsersAsyncOptions } from './users/sallyport-users-module.ts';
export {
  SallyportUsers,
  type BanUser,
  type CreateUser,
  type UsersFilter,
  type UsersPageRequest,
} from './users/sallyport-users.ts';
export { UsersError, type UsersErrorFacts, type UsersErrorKind } from './users/users-error.ts';
export type { SallyportUsersOptions } from './users/users-options.ts';
export { toValidationError, type ValidationIssue } from './validation-error.ts';
// What a service needs of core, so that it depends on one package of ours.
export {
  OptionsError,
  ProviderTokenError,
  SallyportError,
  type Caller,
  type ErrorCode,
  type FieldError,
  type Logger,
  type ManagedBan,
  type ManagedUser,
  type ManagedUsersAnswer,
  type Principal,
  type ProviderToken,
  type ProviderTokenErrorKind,
  type TokenVerifier,
  type UserStatus,
} from '@sallyport/core';
