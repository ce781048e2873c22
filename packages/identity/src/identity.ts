import { Hono } from 'hono';
import {
  hasRepeatedParameter,
  resolvePages,
  brandSchema,
  resolveBrand,
  SallyportError,
  silentLogger,
  type Authenticator,
  type Brand,
  type Counters,
  type InvalidationBus,
  type RotatingKeyRing,
  type Logger,
  type Mailer,
  type Meter,
  type Operation,
  type PageOverrides,
  type Policy,
  type ProtectedResource,
  type ProviderSecrets,
  type SealerFor,
  type SecurityEventLog,
  type SessionDirectory,
  type SessionStore,
} from '@sallyport/core';
import type * as z from 'zod';
import type { guessLimits } from './accounts/guess-limits.ts';
import type { mailLimits } from './mail/mail-limits.ts';
import type { OnPolicyDifference } from './accounts/role-directory.ts';
import { createRetentionJobs, type RetentionJob } from './database/retention-jobs.ts';
import type { IdentityDatabase } from './database/identity-database.ts';
import type { FeatureSet } from './feature-set.ts';
import { features, type FeatureConfig, type FeatureServices } from './features.ts';
import type { HashingLimits } from './hashing/hashing-limits.ts';
import type { PasswordHashing } from './hashing/password-hashing.ts';
import { answerErrors } from './http/error-answers.ts';
import type { IdentityEnvironment } from './http/identity-request.ts';
import { createFeatureRoutes } from './http/feature-routes.ts';
import { createSessionRoutes } from './http/session-routes.ts';
import { createKernel, type KernelOptions } from './kernel.ts';
import { retentionRules } from './retention-rules.ts';
import type { SessionLimitRules } from './sessions/session-limit.ts';
import type { SessionLifetime } from './sessions/session-maker.ts';

/** What identity is built from. */
export interface IdentityOptions {
  /** Origin that the browser sees. Mails link to it, and the cookie follows from it. */
  readonly publicUrl: string;
  /** The listener that takes client certificates, and the address under which machines call it. @default there is none */
  readonly machines?: { readonly publicUrl?: string | undefined } | undefined;
  readonly database: IdentityDatabase;
  readonly sessions: SessionStore;
  readonly sealerFor: SealerFor;
  readonly bus: InvalidationBus;
  /** What signs first-party tokens; its public keys of the use `client` verify them. Without it there can be none. */
  readonly keyRing?: Pick<RotatingKeyRing, 'sign' | 'signer' | 'publicKeys' | 'maxAgeSeconds'>;
  /** What providers of sign-ins know the product by; asked each time, so that they may be renewed. @default none */
  readonly providerSecrets?: () => ProviderSecrets;
  /** Routes that are protected resources of their own, as they are now. @default none */
  readonly protectedResources?: () => readonly ProtectedResource[];
  /** How identity providers are called; for tests, in which they are servers of their own. @default fetch */
  readonly fetchFromProviders?: typeof fetch;
  readonly counters: Counters;
  readonly mailer: Mailer;
  /** Fills an empty table of roles. Later it must be what is stored, or nothing is built. */
  readonly policy: Policy;
  /** `use-stored` is for commands beside a gateway. @default 'refuse' */
  readonly onPolicyDifference?: OnPolicyDifference;
  /** Roles of new users who sign up. @default ['user'] */
  readonly signUpRoles?: readonly string[];
  /** Whether the database can take rows now. While it cannot, nothing is asked that could tell whether an account exists. */
  readonly canWrite?: () => boolean;
  /** Where security events go. @default the table `sallyportEvent` */
  readonly events?: SecurityEventLog;
  /** @default 12 hours without use, 7 days at all */
  readonly sessionLifetime?: SessionLifetime;
  /** In how many places one account may be signed in. @default any number */
  readonly sessionLimit?: SessionLimitRules | undefined;
  /** @default limits on guessing at passwords that fit most: see decision record 17 */
  readonly guessLimits?: z.input<typeof guessLimits>;
  /** How many mails visitors may cause. @default 30 in 15 minutes for one network, 1000 an hour to strangers */
  readonly mailLimits?: z.input<typeof mailLimits>;
  /** The sections of features, as in `sallyport.config.ts`. */
  readonly features?: FeatureConfig;
  /** How long security events are kept. @default 400 */
  readonly eventDays?: number;
  /** Pages in place of built-in ones: mails lead there, and no sign-in leads back to one of them. @default none */
  readonly pages?: PageOverrides;
  /**
   * What people see of the product, as it is now: in mails and authenticator apps; its name is refused in passwords.
   * @default quiet colours, and the name of the host
   */
  readonly brand?: () => Brand;
  /** No answer that could tell whether an account exists comes sooner; 0 is for tests. @default `features.passwords` */
  readonly answerFloorMilliseconds?: number;
  /** How an answer is held back until then; for tests that do not wait. @default a timer */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** How long answers and hashes take; for tests. @default the clock of the process, in milliseconds */
  readonly clock?: () => number;
  /** How much is hashed at once, and how much may wait for it. @default `features.passwords.hashing` */
  readonly hashing?: HashingLimits;
  readonly logger?: Logger;
  /** Where security events and hashing are counted; absent counts none. */
  readonly meter?: Meter;
  readonly now?: () => Date;
}

/** Identity, built: what it serves, what the gateway asks it, and the services of its features. */
export interface Identity extends FeatureServices {
  /** Serves `/auth/*`, and `/manage/*` for programs. Call `app.fetch(request, { context })` with the `RequestContext` of the gateway. */
  readonly app: Hono<IdentityEnvironment>;
  /** Who a session belongs to, for the gateway. */
  readonly directory: SessionDirectory;
  /** Who presents the credentials of features, for the gateway. */
  readonly authenticators: readonly Authenticator[];
  /** What operators do with accounts and sessions. */
  readonly operations: readonly Operation[];
  /** What deletes rows that expired, such as unused links and old events, a few at once: one job for each kind of row. */
  readonly retention: readonly RetentionJob[];
  /** Runs all of them, and resolves to the number of rows. Rejects with `SP_STORE_UNAVAILABLE`. */
  readonly deleteExpired: (now: Date) => Promise<number>;
  /**
   * Says whether another policy could be used now, as a start would. Rejects with OptionsError for one that was not applied.
   */
  checkPolicy(policy: Policy): Promise<void>;
  /**
   * Uses another policy that {@link Identity.checkPolicy} has found good; with `source: 'file'` its roles are stored, and
   * every gateway hears of it. Rejects with OptionsError for one that leaves no account which manages the others.
   */
  usePolicy(policy: Policy): Promise<void>;
  /**
   * Holds answers back as long as the slowest stored bcrypt hash takes to verify, where that is longer than configured.
   * Call it at the start and every hour or so: imports come from other processes. Other slow hashes are noticed when a
   * password is checked against them. Never rejects.
   */
  followStoredHashes(): Promise<void>;
  /**
   * Begins what features do beside requests, such as sending what waits. For processes that serve: a command that opens
   * identity for a moment leaves it to them.
   */
  start(): void;
  /** Sends what waits in the mail queue, and stops. */
  close(): Promise<void>;
}

/**
 * Builds identity: accounts, sign-in, sessions and their mail, on Better Auth.
 *
 * No route of Better Auth is served, and the token of a session is in its cookie only: in no body, row or log line.
 * Every answer is `Cache-Control: no-store`. When the database does not answer, the answer is 503 and no cookie changes.
 *
 * @throws OptionsError for a section of a feature that cannot work, for a role that the policy does not have, and for a
 *   public URL in plain http off loopback; rejects with `SP_STORE_UNAVAILABLE` when the roles cannot be read.
 */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  return (await createIdentityWith(features, options)) as Identity; // The set has the services of its features.
}

/** Builds identity with a set of features, and with threads for hashing that tests share. */
export async function createIdentityWith(
  set: FeatureSet,
  options: IdentityOptions & Pick<KernelOptions, 'hashingThreads'>,
): Promise<Omit<Identity, keyof FeatureServices>> {
  const { publicUrl, policy, features: sections = {}, logger = silentLogger } = options;
  const usualBrand = resolveBrand(brandSchema.parse({}), publicUrl);
  const { kernel, followStoredHashes, checkPolicy, usePolicy, close } = await createKernel({
    ...set.kernelSettingsOf(sections, policy),
    ...options,
    pages: resolvePages(options.pages),
    brand: options.brand ?? (() => usualBrand),
    logger,
    eventCatalog: set.events,
    mailCatalog: set.mails,
  });
  const built = set.create(kernel, sections);
  const { hashing, directory, records } = kernel;
  const origin = new URL(publicUrl).origin;
  const offered = createFeatureRoutes(set.enabledWith(sections, policy));
  const rules = retentionRules(set, options.eventDays);
  const retention = createRetentionJobs({ records, rules, pendingAccounts: kernel.pendingAccounts });
  return {
    ...built.services,
    app: createApp([createSessionRoutes(kernel), offered, ...built.routes], built.manageRoutes, {
      hashing,
      logger,
      origin,
    }),
    directory,
    authenticators: built.authenticators,
    operations: built.operations,
    retention,
    followStoredHashes,
    checkPolicy,
    usePolicy,
    start: () => built.start(),
    async deleteExpired(now) {
      let count = 0;
      for (const { run } of retention) count += await run(now);
      return count;
    },
    async close() {
      await built.close();
      await close();
    },
  };
}

interface AppOptions {
  readonly hashing: PasswordHashing;
  readonly logger: Logger;
  readonly origin: string;
}

function createApp(
  routes: readonly Hono<IdentityEnvironment>[],
  manageRoutes: readonly Hono<IdentityEnvironment>[],
  { hashing, logger, origin }: AppOptions,
): Hono<IdentityEnvironment> {
  const app = new Hono<IdentityEnvironment>();
  app.use(async function forbidStoring(c, next) {
    await next();
    c.res.headers.set('cache-control', 'no-store');
  });
  app.use(async function refuseRepeatedParameters(c, next) {
    if (c.req.url.includes('?') && hasRepeatedParameter(new URL(c.req.url).searchParams))
      throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'repeated-parameter' });
    await next();
  });
  app.use(async function hashOnBehalfOfCaller(c, next) {
    await hashing.onBehalfOf(c.env.context.clientAddress, next);
  });
  for (const served of routes) app.route('/auth', served);
  for (const served of manageRoutes) app.route('/manage', served);
  answerErrors(app, origin, logger);
  return app;
}
