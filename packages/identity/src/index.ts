export type { Accounts, NewUser, Origin } from './accounts/accounts.ts';
export type { GuessLimit } from './accounts/guess-limiter.ts';
export type { PasswordLength } from './accounts/password-rules.ts';
export type { User } from './accounts/user-table.ts';
export {
  openIdentityDatabase,
  type IdentityDatabase,
  type IdentityDatabaseOptions,
} from './database/identity-database.ts';
export type { FactorMethod } from './factors/factor-method.ts';
export type { SecondFactorRules } from './factors/second-factor.ts';
export type { IdentityEnvironment } from './http/identity-request.ts';
export { createIdentity, type Identity, type IdentityOptions } from './identity.ts';
export { createChannelMailer } from './mail/channel-mailer.ts';
export {
  createDevelopmentMailbox,
  type DevelopmentMailbox,
  type DevelopmentMailboxOptions,
} from './mail/development-mailbox.ts';
export { createHttpSmsSender, type HttpSmsSenderOptions, type SmsAuthentication } from './mail/http-sms-sender.ts';
export { createSmtpMailer, type SmtpMailerOptions } from './mail/smtp-mailer.ts';
export type { SessionLifetime } from './sessions/session-maker.ts';
