export type {
  ApiKeysAnswer,
  CodeMethod,
  ConfirmFactorAnswer,
  ConnectedApp,
  ConnectedAppsAnswer,
  ConnectedSignIn,
  EndedSessionsAnswer,
  FactorMethod,
  FactorsAnswer,
  LinkAnswer,
  MadeApiKeyAnswer,
  DeviceDecisionAnswer,
  DeviceRequestAnswer,
  OAuthDecisionAnswer,
  OAuthRequestAnswer,
  OwnFactor,
  PendingAnswer,
  PendingSignInAnswer,
  RecoveryCodesAnswer,
  SentCodeStartAnswer,
  SessionAnswer,
  SessionsAnswer,
  ShownApiKey,
  ShownFactor,
  ShownOAuthClient,
  ShownSession,
  ShownUser,
  SignedInAnswer,
  SignInAnswer,
  StartFactorAnswer,
  StepUpAnswer,
  StepUpOfferAnswer,
  StepUpProvider,
  TotpStartAnswer,
} from './answers/identity-answers.ts';
export {
  userStatuses,
  type ManagedBan,
  type ManagedUser,
  type ManagedUserAnswer,
  type ManagedUsersAnswer,
  type UserStatus,
} from './answers/managed-users.ts';
export type { FeaturesAnswer } from './answers/features-answer.ts';
export type { ManagedRole, ManagedRoleAnswer, ManagedRolesAnswer } from './answers/managed-roles.ts';
export type {
  AcceptedInvitationAnswer,
  ActiveOrganizationAnswer,
  InvitationAnswer,
  InvitationLinkAnswer,
  InvitationsAnswer,
  MemberAnswer,
  MembersAnswer,
  OrganizationAbilities,
  OrganizationAnswer,
  OrganizationsAnswer,
  ShownInvitation,
  ShownMember,
  ShownOrganization,
} from './answers/organization-answers.ts';
export type {
  ConnectedProvider,
  ConnectedProvidersAnswer,
  OfferedProvider,
  ProviderCodeFlowAnswer,
  ProviderKind,
  ProviderTokenAnswer,
  ProviderSignInAnswer,
  ProvidersAnswer,
} from './answers/provider-answers.ts';
export { problemsOfContrast, type ContrastProblem } from './brand/brand-contrast.ts';
export { toBrandCss } from './brand/brand-css.ts';
export { brandManifestPath, brandPath, toBrandDocument, type BrandDocument } from './brand/brand-document.ts';
export { toBrandManifest } from './brand/brand-manifest.ts';
export { derivePalettes, type BrandPalette, type BrandTheme, type ChosenColors } from './brand/brand-palette.ts';
export { brandSchema, type BrandInput, type BrandSettings } from './brand/brand-schema.ts';
export { resolveBrand, type Brand, type BrandImage, type BrandImages, type BrandLinks } from './brand/brand.ts';
export { contrastRatio, mixColors, parseHexColor, type HexColor } from './brand/color.ts';
export {
  assuranceLevels,
  checkStepUp,
  isAssuranceAtLeast,
  type StepUp,
  type StepUpOutcome,
} from './policy/assurance.ts';
export type {
  AuthenticatedCaller,
  AuthenticationOutcome,
  Authenticator,
  PresentedCredential,
  RevocationTarget,
} from './ports/authenticator.ts';
export { acceptedCodings } from './http/accepted-codings.ts';
export { keptForAYear, toFileAnswer, type EncodedFile, type FileAnswer } from './http/encoded-file.ts';
export { hasRepeatedMember } from './http/repeated-member.ts';
export {
  createLocalCallers,
  type JudgeLocalRequest,
  type LocalCallersOptions,
  type LocalRefusal,
  type LocalRequest,
} from './http/local-callers.ts';
export { hasRepeatedParameter } from './http/repeated-parameter.ts';
export { sharedAssetsPath } from './options/zone-place.ts';
export { createLeastRecentlyUsed, type LeastRecentlyUsed } from './caching/least-recently-used.ts';
export {
  sessionEventsPath,
  sessionExtensionPath,
  type SessionEvent,
  type SessionTimes,
} from './sessions/session-events.ts';
export { parseBearerToken } from './token/bearer-token.ts';
export { createCsrfTokens, csrfHeader, csrfSealingPurpose, type CsrfTokens } from './sessions/csrf-tokens.ts';
export type { Counters } from './limits/counters.ts';
export { escapeHtml } from './html/escape-html.ts';
export {
  exitCodes,
  UsageError,
  type Command,
  type CommandCall,
  type CommandDeployment,
  type CommandOption,
  type ServiceCommandContext,
} from './ports/command.ts';
export { defineOperation, type AskOperation, type Operation, type OperatorContext } from './ports/operation.ts';
export type { CheckFinding, DoctorCheck } from './ports/doctor-check.ts';
export { errorCatalog, isErrorCode, type ErrorCatalogEntry, type ErrorCode } from './errors/error-catalog.ts';
export {
  internalIssuerPath,
  internalKeysPath,
  internalProviderTokensPath,
  internalRevocationsPath,
  internalTokenClaimsSchema,
  internalTokenType,
  maximumTokenLength,
  toInternalTokenClaims,
  toPrincipal,
  type InternalTokenClaims,
  type InternalTokenRequest,
} from './token/internal-token.ts';
export { protectedResourceOf, protectedResourcePath, type ProtectedResource } from './token/protected-resource.ts';
export { internalRoutesPath, parseAudienceRoutes, type AudienceRoute } from './token/audience-routes.ts';
export {
  keyAlgorithms,
  type KeyAlgorithm,
  type KeyRing,
  type KeyRingEntry,
  type KeySigner,
  type KeyState,
  type KeyUse,
  type RotatingKeyRing,
  type SharedSecretUse,
} from './token/key-ring.ts';
export type {
  FindKey,
  JsonWebKey,
  JsonWebKeySet,
  TokenKeyHeader,
  TokenParts,
  VerificationKey,
} from './token/json-web-keys.ts';
export {
  createLocalKeySource,
  createRemoteKeySource,
  type KeySource,
  type RemoteKeySourceOptions,
} from './token/key-source.ts';
export { createRingKeySource } from './token/ring-key-source.ts';
export { parseCheckedToken, toCheckedToken } from './token/checked-token.ts';
export type {
  IdentityTokens,
  IdentityUser,
  InProcessIdentity,
  NewIdentityUser,
  SessionStart,
} from './ports/in-process-identity.ts';
export { silentLogger, type LogFields, type Logger } from './ports/log.ts';
export {
  silentMeter,
  type CounterMetric,
  type HistogramMetric,
  type Meter,
  type MetricDefinition,
} from './ports/meter.ts';
export { readOwnCookie } from './sessions/own-cookie.ts';
export {
  builtInPages,
  pageUrl,
  resolvePages,
  type PageName,
  type PageOverrides,
  type PageTable,
} from './pages/page-table.ts';
export { pagesSchema } from './pages/pages-schema.ts';
export { maxReturnToLength, toSafeReturnTo } from './pages/return-to.ts';
export { MessageRefused, type Mailer, type MailImage, type Message } from './ports/mailer.ts';
export { networkOf } from './limits/network-of.ts';
export { readBytesWithin } from './limits/read-bytes-within.ts';
export { isPermission, isPermissionInterest, selectPermissions } from './policy/permission.ts';
export {
  isDeploymentPermission,
  organizationPermissions,
  problemsOfOrganizationRoles,
  type OrganizationRoleProblem,
} from './policy/organization-roles.ts';
export { definePolicy, type Policy } from './policy/policy.ts';
export { findPath, judgePath, type CertificatePath, type CertificateRefusal } from './certificates/certificate-path.ts';
export { parseClientCertHeader } from './certificates/client-cert-header.ts';
export { isCutOff } from './certificates/pem-blocks.ts';
export {
  readMachineTrust,
  type MachineTrust,
  type MachineTrustFiles,
  type MachineTrustOutcome,
  type MachineTrustProblem,
} from './certificates/machine-trust.ts';
export {
  certificateNameOf,
  problemOfCertificateName,
  readClientCertificate,
  toCertificateName,
  type CertificateNameProblem,
  type ClientCertificate,
} from './principal/client-certificate.ts';
export { isSpiffeId } from './principal/spiffe-id.ts';
export { toDistinguishedName } from './principal/distinguished-name.ts';
export {
  anonymous,
  credentialKinds,
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
} from './principal/principal.ts';
export { hostPatternSchema, isHost } from './options/host-pattern.ts';
export { publicOriginSchema } from './options/public-origin.ts';
export { OptionsError, optionsErrorCatalog, type OptionsErrorCode } from './options/options-error.ts';
export {
  problemMediaType,
  toProblem,
  type Problem,
  type ProblemContext,
  type ProblemResponse,
} from './errors/problem.ts';
export { recordModels, type RecordColumn, type RecordFilter, type Records, type RecordTable } from './ports/records.ts';
export { toOAuthError, type OAuthErrorResponse } from './errors/oauth-error.ts';
export {
  inactiveToken,
  introspectionPath,
  parseIntrospectionAnswer,
  toActiveAnswer,
  tokenPermission,
  tokenRevocationPath,
  type ActiveTokenRequest,
  type IntrospectedToken,
  type TokenAction,
} from './token/introspection-answer.ts';
export { dpopAlgorithms } from './token/dpop-algorithms.ts';
export { createDpopNonces, dpopNoncePurpose, toDpopNonceSecret, type DpopNonces } from './token/dpop-nonces.ts';
export {
  dpopWindowSeconds,
  verifyDpopProof,
  type DpopNonceRequired,
  type DpopProof,
  type DpopTarget,
  type RefusedDpopProof,
} from './token/dpop-proof.ts';
export {
  toConfirmationClaim,
  toTokenConfirmation,
  type ConfirmationClaim,
  type TokenConfirmation,
} from './token/token-confirmation.ts';
export { requestLimitsSchema, type NamedRequestLimit, type RequestLimit } from './limits/request-limit.ts';
export { exponentialBackoff, withJitter, type BackoffBounds } from './retry/backoff.ts';
export { retryContended, type ContentionLimit } from './retry/retry-contended.ts';
export { withTimeout } from './retry/with-timeout.ts';
export type { RequestContext } from './principal/request-context.ts';
export { nearestWord } from './nearest-word.ts';
export { checkRequirement, type Requirement, type RequirementOutcome } from './policy/requirement.ts';
export {
  createRevocationMemory,
  parseRevocationNotice,
  type RevocationNotice,
  type RevocationMemory,
  type RevocationMemoryOptions,
} from './events/revocation-memory.ts';
export {
  revocationKinds,
  type BusMessage,
  type InvalidationBus,
  type RevocationEvent,
  type RevocationKind,
} from './events/revocation-event.ts';
export {
  permissionSchema,
  routeAccessSchema,
  routeSchema,
  type Route,
  type RouteAccess,
  type RouteInput,
} from './options/route.ts';
export { rawPathParts, type RawPathPart } from './options/raw-path.ts';
export {
  asSallyportError,
  SallyportError,
  sallyportErrorMark,
  type FieldError,
  type SallyportErrorOptions,
  type SecondFactorDemand,
} from './errors/sallyport-error.ts';
export type { Broadcast } from './ports/broadcast.ts';
export type { SealedColumn, Sealer, SealerFor } from './ports/sealing.ts';
export { weaknessOfSecret } from './options/secret-strength.ts';
export { maxWebhookBodyBytes, type WebhookOptions } from './options/webhook.ts';
export {
  keyOfWebhookSecret,
  parseWebhookSecrets,
  problemsOfWebhookSecrets,
  type ParsedWebhookSecrets,
  type WebhookSecrets,
} from './options/webhook-secrets.ts';
export {
  parseProviderSecrets,
  providerIdForm,
  type ParsedProviderSecrets,
  type ProviderSecrets,
} from './options/provider-secrets.ts';
export type { EventCatalog, SecurityEvent, SecurityEventLog } from './events/security-event.ts';
export {
  isLoopbackHost,
  serializeClearedSessionCookie,
  serializeSessionCookie,
  sessionCookieFor,
  type SessionCookie,
} from './sessions/session-cookie.ts';
export { isSessionToken, type LiveSession, type SessionDirectory } from './sessions/session-directory.ts';
export {
  isSessionLive,
  revocationReasons,
  type RevocationReason,
  type SessionDevice,
  type SessionProvider,
  type SessionRecord,
} from './sessions/session-record.ts';
export {
  applySessionChange,
  type SessionChange,
  type SessionStore,
  type SessionWrite,
} from './sessions/session-store.ts';
export {
  isDuplicateRow,
  isStoreFault,
  causesOf,
  isTransactionConflict,
  storeFaultWordOf,
  toStoreError,
} from './errors/store-fault.ts';
export {
  createSharedSecretSource,
  idOfSharedSecret,
  parseSharedSecrets,
  problemOfSharedSecrets,
  sharedSecretAlgorithm,
  sharedSecretIdDerivation,
} from './token/shared-secret.ts';
export type { SpanAttributes, TraceParent, Tracer, TraceSpan } from './ports/tracer.ts';
export {
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
  type VerifyToken,
} from './token/token-verifier.ts';
export { deleteInBatches, deletionBatchSize } from './retention/delete-in-batches.ts';
export { isLetGoBy, type RetentionRule } from './retention/retention-rule.ts';
export type { ClaimedDelivery, DeliveryClaim, DeliveryRequest, WebhookDeliveries } from './ports/webhook-deliveries.ts';
export type { SignatureAlgorithm } from './token/token-rules.ts';
export { InternalCallError, type InternalCallErrorFacts } from './token/internal-call-error.ts';
export { fetchMessageToken, type MessageToken, type MessageTokenQuestion } from './token/fetch-message-token.ts';
export { MessageTokenError, type MessageTokenErrorKind } from './token/message-token-error.ts';
export {
  digestOfPayload,
  internalMessageTokensPath,
  maxDestinationLength,
  messageTokenClaimsSchema,
  messageTokenRequestSchema,
  messageTokenType,
  type MessageTokenAnswer,
  type MessageTokenClaims,
} from './token/message-token.ts';
export {
  createMessageTokenVerifier,
  type MessageToVerify,
  type MessageTokenVerifierOptions,
  type VerifiedMessage,
  type VerifyMessageToken,
} from './token/message-token-verifier.ts';
export { fetchProviderToken, type ProviderToken, type ProviderTokenRequest } from './token/fetch-provider-token.ts';
export { ProviderTokenError, type ProviderTokenErrorKind } from './token/provider-token-error.ts';
