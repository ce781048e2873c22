export type { Accounts, NewUser } from './features/administration/accounts.ts';
export { whereOf, type AuditContext } from './events/audit-context.ts';
export type { MakeReportedChange } from './events/reported-change.ts';
export type { Authority } from './accounts/authority.ts';
export { guessLimits } from './accounts/guess-limits.ts';
export { mailLimits } from './mail/mail-limits.ts';
export {
  compareRoles,
  describeRoleDifferences,
  waysOutOfPolicyDifference,
  type RoleDifference,
} from './accounts/role-differences.ts';
export type { OnPolicyDifference } from './accounts/role-directory.ts';
export { applyPolicy, type ApplyPolicyOptions } from './accounts/apply-policy.ts';
export {
  readPolicyDifferences,
  readPolicyState,
  readRoleDifferences,
  type PolicyState,
  type RolePolicy,
} from './accounts/policy-state.ts';
export { readStoredRoles, type StoredRoles } from './accounts/stored-roles.ts';
export type { PasswordOwner, RequireAcceptablePassword } from './accounts/chosen-passwords.ts';
export { requireUser } from './features/administration/commands/find-user.ts';
export { createMemberTable, type Member, type MemberTable } from './features/organizations/member-table.ts';
export { parseUserImport, type ImportedUser, type ParsedImport } from './features/administration/user-import.ts';
export type { User } from './accounts/user-table.ts';
export type {
  DatabaseHandle,
  MongoHandle,
  PostgresHandle,
  SqlConnection,
  SqlConnections,
  SqliteHandle,
} from './database/database-handle.ts';
export { migrate, openIdentityDatabase, planMigrations } from './database.ts';
export {
  readDatabaseAbilities,
  type IdentityDatabase,
  type IdentityDatabaseOptions,
} from './database/identity-database.ts';
export type { DatabaseAbilities } from './database/mongo-migration.ts';
export type { MigrationOptions } from './database/migrate.ts';
export { isEmptyPlan, type MigrationPlan, type PlannedColumn, type PlannedIndex } from './database/migration-plan.ts';
export type { FactorMethod } from './features/second-factor/factor-method.ts';
export type { BuiltFeature, Feature, FeatureCheck, FeatureCommand } from './feature.ts';
export { composeFeatures, type BuiltFeatureSet, type FeatureSet } from './feature-set.ts';
export {
  createOperatorServices,
  featureList,
  type FeatureConfig,
  type FeatureSections,
  type FeatureServices,
  type OperatorServices,
} from './features.ts';
export { providersWithKeptTokens, providersWithSecret } from './features/sign-in-providers/identity-provider.ts';
export { requireSession, type IdentityEnvironment } from './http/identity-request.ts';
export { accountFields, plainText } from './http/account-fields.ts';
export { maximumBodyBytes, readBody, readNothing, readQuery } from './http/request-body.ts';
export { requireService } from './http/require-service.ts';
export type { OptionsProblem } from './parse-options.ts';
export type { FeatureSectionsOf, FeatureServicesOf } from './listed-features.ts';
export { createIdentity, createIdentityWith, type Identity, type IdentityOptions } from './identity.ts';
export type { IdentityKernel } from './kernel.ts';
export { createChannelMailer } from './mail/channel-mailer.ts';
export {
  createDevelopmentMailbox,
  type DevelopmentMailbox,
  type DevelopmentMailboxOptions,
} from './mail/development-mailbox.ts';
export { shownMail } from './mail/shown-mail.ts';
export { createHttpSmsSender, type HttpSmsSenderOptions, type SmsAuthentication } from './mail/http-sms-sender.ts';
export { requireLocalCaller } from './mail/require-local-caller.ts';
export { createSmtpMailer, type SmtpMailerOptions } from './mail/smtp-mailer.ts';
export { createAttemptLimiter, type AttemptLimiter } from './accounts/attempt-limiter.ts';
export { openProgramSession, type OpenProgramSession, type SessionProgram } from './sessions/open-program-session.ts';
export { recentSeconds } from './http/require-recent.ts';
export { isWithinAbsolute, sessionLifetimeSchema } from './sessions/session-lifetime.ts';
export type { SessionLifetime } from './sessions/session-maker.ts';
export { kernelEvents, type KernelEvent } from './events/kernel-events.ts';
export { createSecurityEventLog } from './events/security-event-log.ts';
export type { RetentionJob } from './database/retention-jobs.ts';
export { retentionRules } from './retention-rules.ts';
