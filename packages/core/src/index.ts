export { assuranceLevels, checkStepUp, isAssuranceAtLeast, type StepUp, type StepUpOutcome } from './assurance.ts';
export { parseBearerToken } from './bearer-token.ts';
export { createCsrfTokens, csrfHeader, csrfSealingPurpose, type CsrfTokens } from './csrf-tokens.ts';
export type { Counters } from './counters.ts';
export { errorCatalog, isErrorCode, type ErrorCatalogEntry, type ErrorCode } from './error-catalog.ts';
export {
  internalIssuerPath,
  internalKeysPath,
  internalRevocationsPath,
  internalTokenClaimsSchema,
  internalTokenType,
  maximumTokenLength,
  toInternalTokenClaims,
  toPrincipal,
  type InternalTokenClaims,
  type InternalTokenRequest,
} from './internal-token.ts';
export {
  keyAlgorithms,
  type KeyAlgorithm,
  type KeyRing,
  type KeyRingEntry,
  type KeyState,
  type KeyUse,
  type RotatingKeyRing,
  type SharedSecretUse,
} from './key-ring.ts';
export {
  createLocalKeySource,
  createRemoteKeySource,
  type KeySource,
  type RemoteKeySourceOptions,
} from './key-source.ts';
export { silentLogger, type LogFields, type Logger } from './log.ts';
export { silentMeter, type CounterMetric, type HistogramMetric, type Meter, type MetricDefinition } from './meter.ts';
export { MessageRefused, type Mailer, type Message } from './mailer.ts';
export { networkOf } from './network-of.ts';
export { isPermission, isPermissionInterest, selectPermissions } from './permission.ts';
export { definePolicy, type Policy } from './policy.ts';
export {
  anonymous,
  freezePrincipal,
  type Actor,
  type Anonymous,
  type AssuranceLevel,
  type Caller,
  type CredentialKind,
  type Generation,
  type Principal,
  type Profile,
  type ServicePrincipal,
  type UserPrincipal,
} from './principal.ts';
export { hostPatternSchema, isHost, isHostPattern } from './host-pattern.ts';
export { OptionsError, type OptionsErrorCode } from './options-error.ts';
export { problemMediaType, toProblem, type Problem, type ProblemContext, type ProblemResponse } from './problem.ts';
export { recordModels, type RecordColumn, type RecordFilter, type Records, type RecordTable } from './records.ts';
export { requestLimitSchema, type NamedRequestLimit, type RequestLimit } from './request-limit.ts';
export type { RequestContext } from './request-context.ts';
export { checkRequirement, type Requirement, type RequirementOutcome } from './requirement.ts';
export {
  createRevocationMemory,
  readHeardRevocation,
  type HeardRevocation,
  type RevocationMemory,
  type RevocationMemoryOptions,
} from './revocation-memory.ts';
export {
  revocationKinds,
  type BusMessage,
  type InvalidationBus,
  type RevocationEvent,
  type RevocationKind,
} from './revocation-event.ts';
export { routeAccessSchema, routeSchema, type Route, type RouteAccess, type RouteInput } from './route.ts';
export { SallyportError, type FieldError, type SallyportErrorOptions } from './sallyport-error.ts';
export type { SealedColumn, Sealer, SealerFor } from './sealing.ts';
export { weaknessOfSecret } from './secret-strength.ts';
export {
  securityEventDetails,
  type SecurityEvent,
  type SecurityEventLog,
  type SecurityEventType,
} from './security-event.ts';
export {
  isLoopbackHost,
  serializeClearedSessionCookie,
  serializeSessionCookie,
  sessionCookieFor,
  type SessionCookie,
} from './session-cookie.ts';
export { isSessionToken, type LiveSession, type SessionDirectory } from './session-directory.ts';
export {
  isSessionLive,
  revocationReasons,
  type RevocationReason,
  type SessionDevice,
  type SessionRecord,
} from './session-record.ts';
export type { SessionChange, SessionStore, SessionWrite } from './session-store.ts';
export { isDuplicateRow, isStoreFault, isTransactionConflict, storeFaultWordOf, toStoreError } from './store-fault.ts';
export {
  createSharedSecretSource,
  idOfSharedSecret,
  parseSharedSecrets,
  problemOfSharedSecrets,
  sharedSecretAlgorithm,
  sharedSecretIdDerivation,
} from './shared-secret.ts';
export type { SpanAttributes, TraceParent, Tracer, TraceSpan } from './tracer.ts';
export {
  createTokenVerifier,
  type SignatureAlgorithm,
  type TokenVerifier,
  type TokenVerifierOptions,
  type VerifyToken,
} from './token-verifier.ts';
