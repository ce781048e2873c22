/* What a browser may load: rules and names only, no verification, no schema library, no Node built-in. */
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
  OwnFactor,
  PendingAnswer,
  PendingSignInAnswer,
  RecoveryCodesAnswer,
  SentCodeStartAnswer,
  SessionAnswer,
  SessionsAnswer,
  ShownApiKey,
  ShownFactor,
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
export type { FeaturesAnswer } from './answers/features-answer.ts';
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
  ProviderKind,
  ProviderSignInAnswer,
  ProvidersAnswer,
} from './answers/provider-answers.ts';
export type { StepUp } from './policy/assurance.ts';
export { errorCatalog, isErrorCode, type ErrorCatalogEntry, type ErrorCode } from './errors/error-catalog.ts';
export { OptionsError, type OptionsErrorCode } from './options/options-error.ts';
export { sharedAssetsPath, zonePlace, type ZonePlace } from './options/zone-place.ts';
export { builtInPages, pageUrl } from './pages/page-table.ts';
export { toSafeReturnTo } from './pages/return-to.ts';
export {
  sessionEventsPath,
  sessionExtensionPath,
  type SessionEvent,
  type SessionTimes,
} from './sessions/session-events.ts';
export { nearestWord } from './nearest-word.ts';
export { isPermission, selectPermissions } from './policy/permission.ts';
export {
  isDeploymentPermission,
  organizationPermissions,
  problemsOfOrganizationRoles,
  type OrganizationRoleProblem,
} from './policy/organization-roles.ts';
export { definePolicy, type Policy } from './policy/policy.ts';
export type {
  Anonymous,
  AssuranceLevel,
  Caller,
  Principal,
  Profile,
  ServicePrincipal,
  UserPrincipal,
} from './principal/principal.ts';
export type { Problem } from './errors/problem.ts';
export { checkRequirement, type Requirement, type RequirementOutcome } from './policy/requirement.ts';
