import { Hono } from 'hono';
import {
  createCsrfTokens,
  csrfSealingPurpose,
  SallyportError,
  sessionCookieFor,
  silentLogger,
  silentMeter,
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
import { createAccounts, type Accounts } from './features/administration/accounts.ts';
import { createAttemptLimiter } from './accounts/attempt-limiter.ts';
import { createDeviceTrust } from './accounts/device-trust.ts';
import { createGuessLimiter, type GuessLimits } from './accounts/guess-limiter.ts';
import { createOneTimeLinks } from './accounts/one-time-links.ts';
import { createPasswordHashing, type HashingLimits, type PasswordHashing } from './hashing/password-hashing.ts';
import {
  createPasswordRules,
  type PasswordLength,
  type RequireAcceptablePassword,
} from './features/passwords/password-rules.ts';
import { openRoleDirectory, type OnPolicyDifference } from './accounts/role-directory.ts';
import { createUserTable } from './accounts/user-table.ts';
import type { IdentityDatabase } from './database/identity-database.ts';
import { createEngine } from './engine/better-auth-engine.ts';
import { countEvents } from './events/count-events.ts';
import { createSecurityEventLog } from './events/security-event-log.ts';
import { createDeviceCookie } from './http/device-cookie.ts';
import { createSecondFactor, type SecondFactorRules } from './features/second-factor/second-factor.ts';
import { answerErrors } from './http/error-answers.ts';
import { hasRepeatedParameter } from './http/repeated-names.ts';
import { createFactorResetRoutes } from './features/second-factor/factor-reset-routes.ts';
import { createFactorRoutes } from './features/second-factor/factor-routes.ts';
import type { IdentityEnvironment } from './http/identity-request.ts';
import { createLoopTurns } from './http/loop-turns.ts';
import { createPasswordResetRoutes } from './features/passwords/password-reset-routes.ts';
import { createRoleRoutes } from './features/administration/role-routes.ts';
import { createSecondFactorRoutes } from './features/second-factor/second-factor-routes.ts';
import { createSessionRoutes } from './http/session-routes.ts';
import { createSignInRoutes } from './features/passwords/sign-in-routes.ts';
import { createSignUpRoutes } from './features/passwords/sign-up-routes.ts';
import { createStepUpRoutes } from './features/second-factor/step-up-routes.ts';
import { createAccountMessages } from './mail/account-messages.ts';
import { createAccountPost } from './mail/account-post.ts';
import { createCodeMessages } from './features/second-factor/code-messages.ts';
import { createMailQueue } from './mail/mail-queue.ts';
import { createSessionDirectory } from './sessions/session-directory.ts';
import { createSessionLimit, type SessionLimitRules } from './sessions/session-limit.ts';
import { createSessionMaker, type SessionLifetime } from './sessions/session-maker.ts';
import { createSessionRaising } from './sessions/session-raising.ts';
import { createSessionRevocation } from './sessions/session-revocation.ts';
import { createWeakSessionEnding } from './sessions/weak-sessions.ts';

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
  /** Roles of whoever signs up. @default ['user'] */
  readonly signUpRoles?: readonly string[];
  /** Where security events go. @default the table `sallyportEvent` */
  readonly events?: SecurityEventLog;
  /** @default 12 hours without use, 7 days at all */
  readonly sessionLifetime?: SessionLifetime;
  /** In how many places one account may be signed in. @default any number */
  readonly sessionLimit?: SessionLimitRules | undefined;
  /** @default 15 to 128 characters, because the password is the only factor */
  readonly passwordLength?: PasswordLength;
  /** @default {@link defaultGuessLimits} */
  readonly guessLimits?: GuessLimits;
  /** @default an authenticator app for whoever wants one, demanded of nobody */
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

/** Identity, built: what it serves, what the door asks it, what an operator does with it. */
export interface Identity {
  /** Serves `/auth/*`. Call `app.fetch(request, { context })` with the `RequestContext` of the door. */
  readonly app: Hono<IdentityEnvironment>;
  /** Who a session belongs to, for the door. */
  readonly directory: SessionDirectory;
  readonly accounts: Accounts;
  /** The rules that a password has to meet, for operators who set one. */
  readonly requireAcceptablePassword: RequireAcceptablePassword;
  /** Sends what waits in the mail queue, and stops. */
  close(): Promise<void>;
}

const defaultLifetime: SessionLifetime = { idleSeconds: 12 * 60 * 60, absoluteSeconds: 7 * 24 * 60 * 60 };
/** Limits on guessing at passwords that fit most: they are spoken of in a decision record. */
export const defaultGuessLimits: GuessLimits = {
  accountFromNetwork: { maximumFailures: 20, windowSeconds: 15 * 60 },
  network: { maximumFailures: 200, windowSeconds: 15 * 60 },
  account: { maximumFailures: 50, windowSeconds: 60 * 60 },
  device: { maximumFailures: 10, windowSeconds: 24 * 60 * 60 },
};
const defaultPasswordLength: PasswordLength = { minimum: 15, maximum: 128 };

/**
 * Builds identity: accounts, sign-in, sessions and their mail, on Better Auth.
 *
 * No route of Better Auth is served, and the token of a session is in its cookie only: in no body, row or log line.
 * Every answer is `Cache-Control: no-store`. When the database does not answer, the answer is 503 and no cookie changes.
 *
 * @throws TypeError for a public URL in plain http off loopback, for a password length below 8, and for a role that the
 *   policy does not have; rejects with `SP_STORE_UNAVAILABLE` when the roles cannot be read.
 */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const {
    publicUrl,
    database,
    sessions,
    sealerFor,
    bus,
    counters,
    mailer,
    policy,
    onPolicyDifference = 'refuse',
    signUpRoles = ['user'],
    sessionLifetime: lifetime = defaultLifetime,
    sessionLimit,
    passwordLength = defaultPasswordLength,
    guessLimits = defaultGuessLimits,
    secondFactor: rules = {},
    productName = 'Sallyport',
    answerFloorMilliseconds = 300,
    wait,
    hashing: hashingLimits = {},
    meter = silentMeter,
    logger = silentLogger,
    now = () => new Date(),
  } = options;
  const cookie = sessionCookieFor(publicUrl);
  const requireAcceptablePassword = createPasswordRules(passwordLength, productName);
  requireSignUpRoles(signUpRoles, policy);
  requireLifetime(lifetime);
  requireSecondFactorRules(rules, policy);

  const { records, transaction, hasTransactions } = database;
  const events = countEvents(options.events ?? createSecurityEventLog(records), options.meter);
  const users = createUserTable(records);
  const roles = await openRoleDirectory(records, policy, bus, now, onPolicyDifference);
  const hashing = createPasswordHashing({ ...hashingLimits, meter });
  const queue = createMailQueue({ mailer, logger });
  const messages = createAccountMessages(publicUrl, productName);
  const post = createAccountPost({ messages, queue, counters, sealer: sealerFor('counter-key') });
  const secondFactor = createSecondFactor({
    rules,
    issuer: productName,
    cookie,
    records,
    counters,
    sealerFor,
    hashing,
    messages: createCodeMessages(publicUrl, productName),
    queue,
    post,
    events,
    now,
  });
  const { demand } = secondFactor;
  const sealer = sealerFor('session-token');
  const makeSession = createSessionMaker({ sessions, users, demand, sealer, lifetime, now });
  const engine = await createEngine({ publicUrl, database, sealerFor, hashing, sessions, makeSession, logger, now });
  const { idleSeconds } = lifetime;
  const directory = createSessionDirectory({ sessions, users, roles, demand, sealer, idleSeconds, now });
  const links = createOneTimeLinks(records, sealerFor('one-time-link'), now);
  const revocation = createSessionRevocation({ sessions, bus, events, transaction, hasTransactions, now });
  const endWeakSessions = createWeakSessionEnding({ sessions, demand, revocation, events, now });
  const accounts = createAccounts({
    engine,
    users,
    roles,
    hashing,
    links,
    post,
    sessions,
    revocation,
    endWeakSessions,
    events,
    bus,
    transaction,
    hasTransactions,
    now,
  });
  const attempts = createAttemptLimiter({ counters, sealer: sealerFor('counter-key'), now });
  const devices = createDeviceTrust(sealerFor('device-trust'), now);
  const parts = {
    cookie,
    lifetime,
    signUpRoles,
    answerFloorMilliseconds,
    wait,
    loopTurns: createLoopTurns(),
    engine,
    users,
    accounts,
    links,
    guesses: createGuessLimiter({ attempts, limits: guessLimits }),
    devices,
    deviceCookie: createDeviceCookie(cookie, devices),
    hashing,
    requireAcceptablePassword,
    post,
    events,
    sessions,
    sessionSealer: sealer,
    csrfTokens: createCsrfTokens(sealerFor(csrfSealingPurpose)),
    directory,
    makeSession,
    sessionLimit: createSessionLimit({ sessions, revocation, rules: sessionLimit, now }),
    raiseSession: createSessionRaising({ sessions, sealer, cookie, bus, now }),
    revocation,
    secondFactor,
    bus,
    transaction,
    hasTransactions,
    now,
  };
  const routes = [
    createSignUpRoutes(parts),
    createSignInRoutes(parts),
    createSecondFactorRoutes(parts),
    createFactorRoutes(parts),
    createStepUpRoutes(parts),
    createPasswordResetRoutes(parts),
    createSessionRoutes(parts),
    createRoleRoutes(parts),
    createFactorResetRoutes(parts),
  ];
  return {
    app: createApp(routes, { hashing, logger, origin: new URL(publicUrl).origin }),
    directory,
    accounts,
    requireAcceptablePassword,
    async close() {
      roles.close();
      await queue.close();
      await hashing.close();
    },
  };
}

function requireSignUpRoles(roles: readonly string[], policy: Policy): void {
  const unknown = roles.filter((role) => !Object.hasOwn(policy.roles, role));
  if (unknown.length > 0) throw new TypeError(`the policy has no role "${unknown.join('", "')}" for who signs up`);
}

function requireLifetime({ idleSeconds, absoluteSeconds }: SessionLifetime): void {
  const areWhole = Number.isInteger(idleSeconds) && Number.isInteger(absoluteSeconds);
  if (!areWhole || idleSeconds < 1 || absoluteSeconds < idleSeconds)
    throw new TypeError('a session must live for whole seconds, and at least as long at all as without use');
}

function requireSecondFactorRules({ methods = ['totp'], requiredFor = [] }: SecondFactorRules, policy: Policy): void {
  const unknown = requiredFor.filter((role) => !Object.hasOwn(policy.roles, role));
  if (unknown.length > 0) throw new TypeError(`the policy has no role "${unknown.join('", "')}" that could demand it`);
  if (requiredFor.length > 0 && methods.length === 0)
    throw new TypeError('a second factor is demanded, and every method is switched off');
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
