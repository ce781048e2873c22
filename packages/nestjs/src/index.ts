export {
  Accepts,
  Authenticated,
  GuardedElsewhere,
  MutualTls,
  OptionalAuth,
  OrgMember,
  OrgRoles,
  Permissions,
  Public,
  Roles,
  ServiceOnly,
  StepUp,
} from './access/declare-access.ts';
export type { LibraryController } from './access/library-controllers.ts';
export type { KnownOrgRoles, OrgRoleName } from './access/org-role-name.ts';
export type { KnownPermissions, PermissionName } from './access/permission-name.ts';
export {
  listServiceRoutes,
  readServiceRoutes,
  type ApplicationContextLike,
  type ServiceRoute,
  type ServiceRoutesOptions,
} from './access/route-table.ts';
export { trackByCaller } from './access/track-by-caller.ts';
export { Audited } from './audit/audited.ts';
export type { AuditedOptions, AuditEntry, AuditPort } from './audit/audit-port.ts';
export type { CertificateCaller, CertificatesOptions } from './certificates/certificates-options.ts';
export { certificateOf, CurrentCertificate } from './certificates/request-certificate.ts';
export { SallyportGuard } from './guard/sallyport-guard.ts';
export { SallyportHttpException as SallyportError } from './errors/sallyport-http-exception.ts';
export { toValidationError, type PropertyValidationError, type ValidationIssue } from './errors/validation-error.ts';
export { SALLYPORT_OPTIONS, SALLYPORT_USERS_OPTIONS, TOKEN_VERIFIER } from './injection-tokens.ts';
export {
  SallyportIdentityModule,
  type OpenIdentity,
  type SallyportIdentityOptions,
} from './identity/sallyport-identity-module.ts';
export { SallyportIdentity } from './identity/sallyport-identity.ts';
export { SingleRoleUsers, type NewSingleRoleUser, type SingleRoleUser } from './identity/single-role-users.ts';
export type { IntrospectionOptions } from './introspection-options.ts';
export { passportSharedSecret, type SecretOrKeyProvider } from './passport-shared-secret.ts';
export { callerOf, CurrentPrincipal } from './request-caller.ts';
export { CurrentOrg, type CurrentOrganization } from './request-organization.ts';
export { SallyportSubscriptions, type GraphqlWsHooks, type MercuriusHooks } from './graphql/sallyport-subscriptions.ts';
export { AccessConditions } from './policy/access-conditions.ts';
export { CheckedRecord } from './policy/checked-record.ts';
export { CheckPolicies, type CheckPoliciesOptions } from './policy/check-policies.ts';
export type {
  AppPolicy,
  KnownPolicy,
  PolicyAction,
  PolicyField,
  PolicyRecord,
  PolicyType,
} from './policy/known-policy.ts';
export { MaskFields, type MaskFieldsOptions } from './policy/mask-fields.ts';
export type { PolicyCall } from './policy/policy-call.ts';
export { loadFrom, type Loaded, type ProvidedLoader, type RecordLoader } from './policy/policy-check.ts';
export type { PolicyDenial } from './policy/policy-denial.ts';
export { SallyportAccess, type AssertOptions } from './policy/sallyport-access.ts';
export { ProviderTokens, type ProviderTokenInit } from './provider-tokens/provider-tokens.ts';
export { SallyportServices, type ServiceCallInit } from './services/sallyport-services.ts';
export type { ServicesOptions } from './services/services-options.ts';
export { refuseAmbiguousJson } from './refuse-ambiguous-json.ts';
export { requestIdOf } from './request-id.ts';
export type { RequestUserFact, RequestUserOption } from './request-user.ts';
export { SallyportModule, type SallyportAsyncOptions } from './sallyport-module.ts';
export type {
  ConnectionOptions,
  ProviderTokensOptions,
  RevocationOptions,
  SallyportOptions,
} from './sallyport-options.ts';
export {
  applySallyportSwagger,
  swaggerApiKeyScheme,
  swaggerCertificateScheme,
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

// What a service needs of core, so that it depends on one package of ours.
export {
  OptionsError,
  ProviderTokenError,
  type Caller,
  type ClientCertificate,
  type CredentialKind,
  type ErrorCode,
  type FieldError,
  type IdentityTokens,
  type IdentityUser,
  type InProcessIdentity,
  type Logger,
  type ManagedBan,
  type ManagedUser,
  type ManagedUsersAnswer,
  type NewIdentityUser,
  type Principal,
  type ProviderToken,
  type ProviderTokenErrorKind,
  type SessionStart,
  type TokenVerifier,
  type UserStatus,
} from '@sallyport/core';

// The same of the policy.
export type { Access, AccessFilter, Explanation, WriteDecision } from '@sallyport/policy';
