import { Hono } from 'hono';
import {
  SallyportError,
  silentLogger,
  type Counters,
  type InvalidationBus,
  type Logger,
  type Mailer,
  type Meter,
  type Policy,
  type SealerFor,
  type SecurityEventLog,
  type SessionDirectory,
  type SessionStore,
} from '@sallyport/core';
import type { GuessLimits } from './accounts/guess-limiter.ts';
import type { OnPolicyDifference } from './accounts/role-directory.ts';
import type { IdentityDatabase } from './database/identity-database.ts';
import type { Accounts } from './features/administration/accounts.ts';
import { administrationFeature } from './features/administration/administration-feature.ts';
import { passwordFeature } from './features/passwords/password-feature.ts';
import type { PasswordLength, RequireAcceptablePassword } from './features/passwords/password-rules.ts';
import { secondFactorFeature } from './features/second-factor/second-factor-feature.ts';
import type { SecondFactorRules } from './features/second-factor/second-factor.ts';
import type { HashingLimits, PasswordHashing } from './hashing/password-hashing.ts';
import { answerErrors } from './http/error-answers.ts';
import type { IdentityEnvironment } from './http/identity-request.ts';
import { hasRepeatedParameter } from './http/repeated-names.ts';
import { createSessionRoutes } from './http/session-routes.ts';
import { createKernel } from './kernel.ts';
import type { SessionLimitRules } from './sessions/session-limit.ts';
import type { SessionLifetime } from './sessions/session-maker.ts';

/** What identity is built from. */
export interface IdentityOptions {
  /** Origin that the browser sees. Mails link to it, and the cookie follows from it. */
  readonly publicUrl: string;
  readonly database: IdentityDatabase;
  readonly sessions: SessionStore;
  readonly sealerFor: SealerFor;
  readonly bus: InvalidationBus;
  readonly counters: Counters;
  readonly mailer: Mailer;
  /** Fills an empty table of roles. Later it must be what is stored, or nothing is built. */
  readonly policy: Policy;
  /** `use-stored` is for commands beside a gateway. @default 'refuse' */
  readonly onPolicyDifference?: OnPolicyDifference;
  /** Roles of new users who sign up. @default ['user'] */
  readonly signUpRoles?: readonly string[];
  /** Where security events go. @default the table `sallyportEvent` */
  readonly events?: SecurityEventLog;
  /** @default 12 hours without use, 7 days at all */
  readonly sessionLifetime?: SessionLifetime;
  /** In how many places one account may be signed in. @default any number */
  readonly sessionLimit?: SessionLimitRules | undefined;
  /** @default 15 to 128 characters, because the password is the only factor */
  readonly passwordLength?: PasswordLength;
  /** @default limits on guessing at passwords that fit most: see decision record 17 */
  readonly guessLimits?: GuessLimits;
  /** @default an authenticator app for users who want one, demanded of none */
  readonly secondFactor?: SecondFactorRules;
  /** What people call the product; in mails, and refused in passwords. @default 'Sallyport' */
  readonly productName?: string;
  /** No answer that could tell whether an account exists comes sooner. 0 is for tests. @default 300 */
  readonly answerFloorMilliseconds?: number;
  /** How an answer is held back until then; for tests that do not wait. @default a timer */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** How much is hashed at once, and how much may wait for it. */
  readonly hashing?: HashingLimits;
  readonly logger?: Logger;
  /** Where security events and hashing are counted; absent counts none. */
  readonly meter?: Meter;
  readonly now?: () => Date;
}

/** Identity, built: what it serves, what the gateway asks it, what an operator does with it. */
export interface Identity {
  /** Serves `/auth/*`. Call `app.fetch(request, { context })` with the `RequestContext` of the gateway. */
  readonly app: Hono<IdentityEnvironment>;
  /** Who a session belongs to, for the gateway. */
  readonly directory: SessionDirectory;
  readonly accounts: Accounts;
  /** The rules that a password has to meet, for operators who set one. */
  readonly requireAcceptablePassword: RequireAcceptablePassword;
  /** Sends what waits in the mail queue, and stops. */
  close(): Promise<void>;
}

const defaultPasswordLength: PasswordLength = { minimum: 15, maximum: 128 };

/**
 * Builds identity: accounts, sign-in, sessions and their mail, on Better Auth.
 *
 * No route of Better Auth is served, and the token of a session is in its cookie only: in no body, row or log line.
 * Every answer is `Cache-Control: no-store`. When the database does not answer, the answer is 503 and no cookie changes.
 *
 * @throws OptionsError for a public URL in plain http off loopback, for a password length below 8, and for a role that the
 *   policy does not have; rejects with `SP_STORE_UNAVAILABLE` when the roles cannot be read.
 */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { publicUrl, policy, secondFactor: secondFactorRules = {}, logger = silentLogger } = options;
  const { signUpRoles = ['user'], passwordLength = defaultPasswordLength, productName = 'Sallyport' } = options;
  const passwordConfig = { passwordLength, signUpRoles, productName };
  passwordFeature.requireConfig?.(passwordConfig, policy);
  secondFactorFeature.requireConfig?.(secondFactorRules, policy);

  const { kernel, close } = await createKernel({ ...options, productName, logger });
  const passwords = passwordFeature.create(kernel, passwordConfig);
  const secondFactor = secondFactorFeature.create(kernel, secondFactorRules);
  const administration = administrationFeature.create(kernel, undefined);
  const features = [passwords, secondFactor, administration];
  for (const { gate } of features) if (gate !== undefined) kernel.gates.register(gate);
  const routes = [createSessionRoutes(kernel), ...features.flatMap((feature) => feature.routes)];
  const { hashing, directory } = kernel;
  return {
    app: createApp(routes, { hashing, logger, origin: new URL(publicUrl).origin }),
    directory,
    accounts: administration.accounts,
    requireAcceptablePassword: passwords.requireAcceptablePassword,
    close,
  };
}

interface AppOptions {
  readonly hashing: PasswordHashing;
  readonly logger: Logger;
  readonly origin: string;
}

function createApp(
  routes: readonly Hono<IdentityEnvironment>[],
  { hashing, logger, origin }: AppOptions,
): Hono<IdentityEnvironment> {
  const app = new Hono<IdentityEnvironment>();
  app.use(async function forbidStoring(c, next) {
    await next();
    c.res.headers.set('cache-control', 'no-store');
  });
  app.use(async function refuseRepeatedParameters(c, next) {
    if (hasRepeatedParameter(new URL(c.req.url).searchParams))
      throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'repeated-parameter' });
    await next();
  });
  app.use(async function hashOnBehalfOfCaller(c, next) {
    await hashing.onBehalfOf(c.env.context.clientAddress, next);
  });
  for (const served of routes) app.route('/auth', served);
  answerErrors(app, origin, logger);
  return app;
}
