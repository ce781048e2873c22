import {
  createCsrfTokens,
  csrfSealingPurpose,
  sessionCookieFor,
  silentMeter,
  type Brand,
  type Counters,
  type EventCatalog,
  type InvalidationBus,
  type RotatingKeyRing,
  type Logger,
  type Mailer,
  type Meter,
  type PageTable,
  type Policy,
  type ProtectedResource,
  type ProviderSecrets,
  type SealerFor,
  type SecurityEventLog,
  type SessionStore,
} from '@sallyport/core';
import type * as z from 'zod';
import { createAccountData } from './accounts/account-data.ts';
import { createActingAccounts } from './accounts/acting-accounts.ts';
import { createAttemptLimiter } from './accounts/attempt-limiter.ts';
import { createAuthority } from './accounts/authority.ts';
import { createChosenPasswords } from './accounts/chosen-passwords.ts';
import { createDeviceTrust } from './accounts/device-trust.ts';
import { createMemberships } from './accounts/memberships.ts';
import { createGuessLimiter } from './accounts/guess-limiter.ts';
import { guessLimits } from './accounts/guess-limits.ts';
import { createOneTimeLinks } from './accounts/one-time-links.ts';
import { openPolicy } from './accounts/open-policy.ts';
import { createPendingAccounts } from './accounts/pending-accounts.ts';
import type { OnPolicyDifference } from './accounts/role-directory.ts';
import { createRoleEditor } from './accounts/role-editor.ts';
import { createUserTable } from './accounts/user-table.ts';
import type { IdentityDatabase } from './database/identity-database.ts';
import { createEngine } from './engine/better-auth-engine.ts';
import { countEvents } from './events/count-events.ts';
import { createReportedChanges } from './events/reported-change.ts';
import { createSecurityEventLog } from './events/security-event-log.ts';
import { createSlowHashes } from './hashing/slow-hashes.ts';
import { createPasswordHashing } from './hashing/password-hashing.ts';
import type { HashingLimits } from './hashing/hashing-limits.ts';
import type { HashingThreads } from './hashing/hashing-threads.ts';
import { createFloorOfTime, usualAnswerFloorMilliseconds } from './http/answer-floor.ts';
import { createDeviceCookie } from './http/device-cookie.ts';
import { createEventLoopPacing } from './http/event-loop-pacing.ts';
import { createSignUpCookie } from './http/sign-up-cookie.ts';
import { createAccountMailer } from './mail/account-mailer.ts';
import type { MailCatalog } from './mail/mail-catalog.ts';
import { mailLimits } from './mail/mail-limits.ts';
import { createMailQueue } from './mail/mail-queue.ts';
import { createVisitorMailLimiter } from './mail/visitor-mail-limiter.ts';
import { parseOptions } from './parse-options.ts';
import { createSignInGates } from './sessions/required-assurance.ts';
import { createSessionDirectory } from './sessions/session-directory.ts';
import { createSessionEndings } from './sessions/session-endings.ts';
import { createSessionLimit, type SessionLimitRules } from './sessions/session-limit.ts';
import { requireSessionLifetime, sessionLifetimeSchema } from './sessions/session-lifetime.ts';
import { createSessionMaker, type SessionLifetime } from './sessions/session-maker.ts';
import { createSessionElevation } from './sessions/session-elevation.ts';
import { createSessionRevocation } from './sessions/session-revocation.ts';
import { createStepUpOffers } from './sessions/step-up-offers.ts';
import { createProviderSignIns } from './sessions/provider-sign-ins.ts';
import { createProgramSignIns } from './sign-in/program-sign-ins.ts';

/** What features may say about parts of the kernel in their sections. */
export interface KernelSettings {
  readonly hashing: HashingLimits;
  readonly answerFloorMilliseconds: number;
}

export interface KernelOptions extends Partial<KernelSettings> {
  /** Every event that may be written, and every mail that may be sent. */
  readonly eventCatalog: EventCatalog;
  readonly mailCatalog: MailCatalog;
  readonly publicUrl: string;
  /** The listener that takes client certificates, and the address under which machines call it. */
  readonly machines?: { readonly publicUrl?: string | undefined } | undefined;
  /** Where mails lead, and where no sign-in leads back to. */
  readonly pages: PageTable;
  /** What people see of the product, as it is now. */
  readonly brand: () => Brand;
  readonly database: IdentityDatabase;
  readonly sessions: SessionStore;
  readonly sealerFor: SealerFor;
  readonly bus: InvalidationBus;
  /** What signs the tokens of features that make some. */
  readonly keyRing?: Pick<RotatingKeyRing, 'sign' | 'signer' | 'publicKeys' | 'maxAgeSeconds'>;
  /** What providers of sign-ins know the product by: secrets and private keys, by the names of the providers. */
  readonly providerSecrets?: (() => ProviderSecrets) | undefined;
  /** Routes that are protected resources of their own, as they are now. @default none */
  readonly protectedResources?: (() => readonly ProtectedResource[]) | undefined;
  /** How identity providers are called. @default fetch */
  readonly fetchFromProviders?: typeof fetch | undefined;
  readonly counters: Counters;
  readonly mailer: Mailer;
  readonly policy: Policy;
  readonly onPolicyDifference?: OnPolicyDifference;
  readonly events?: SecurityEventLog;
  readonly sessionLifetime?: SessionLifetime;
  readonly sessionLimit?: SessionLimitRules | undefined;
  readonly signUpRoles?: readonly string[];
  readonly guessLimits?: z.input<typeof guessLimits>;
  readonly mailLimits?: z.input<typeof mailLimits>;
  readonly canWrite?: () => boolean;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  readonly clock?: () => number;
  /** @default threads of its own, at the cost of production */
  readonly hashingThreads?: HashingThreads;
  readonly logger: Logger;
  readonly meter?: Meter;
  readonly now?: () => Date;
}

/** What features are built on. Each file of a feature says for itself what it uses of it. */
export type IdentityKernel = Awaited<ReturnType<typeof createKernel>>['kernel'];

/** Builds what all features share. @throws OptionsError for options that cannot work. */
export async function createKernel(options: KernelOptions) {
  const {
    eventCatalog,
    mailCatalog: catalog,
    publicUrl,
    machines,
    pages,
    brand,
    database,
    sessions,
    sealerFor,
    bus,
    keyRing,
    providerSecrets = () => new Map<string, string>(),
    protectedResources = () => [],
    fetchFromProviders = fetch,
    counters,
    mailer,
    onPolicyDifference = 'refuse',
    sessionLifetime: lifetime = sessionLifetimeSchema.parse({}),
    sessionLimit: limitRules,
    signUpRoles = ['user'],
    guessLimits: guessing,
    mailLimits: mailing,
    answerFloorMilliseconds = usualAnswerFloorMilliseconds,
    canWrite,
    wait,
    clock,
    hashing: hashingLimits,
    hashingThreads,
    meter = silentMeter,
    logger,
    now = () => new Date(),
  } = options;
  const cookie = sessionCookieFor(publicUrl);
  requireSessionLifetime(lifetime);
  const limits = parseOptions('guessLimits', guessLimits, guessing);
  const mails = parseOptions('mailLimits', mailLimits, mailing);

  const { records, transaction, hasTransactions } = database;
  const events = countEvents(options.events ?? createSecurityEventLog(records, eventCatalog), options.meter);
  const users = createUserTable(records, now);
  const changing = { records, transaction, bus, events, now };
  const opened = await openPolicy({ ...changing, policy: options.policy, signUpRoles, onPolicyDifference });
  const { roles, policy } = opened;
  const actingAccounts = createActingAccounts();
  const authority = createAuthority({ records, users, actingAccounts, events, now });
  const memberships = createMemberships(policy);
  const floor = createFloorOfTime({ milliseconds: answerFloorMilliseconds, logger, meter, clock });
  const hashing = createPasswordHashing(hashingLimits, meter, hashingThreads, (hash) => slowHashes.note(hash));
  const slowHashes = createSlowHashes({
    cost: hashing.cost,
    verify: (hash) => hashing.verify(hash, 'measured'),
    onMeasured: (milliseconds) => floor.follow(milliseconds),
    clock,
  });
  const queue = createMailQueue({ mailer, logger });
  const gates = createSignInGates();
  const sealer = sealerFor('session-token');
  const makeSession = createSessionMaker({ sessions, users, requiredAssurance: gates, sealer, lifetime, now });
  const makeReportedChange = createReportedChanges(hasTransactions);
  const sessionEndings = createSessionEndings();
  const revocation = createSessionRevocation({
    sessions,
    bus,
    events,
    transaction,
    makeReportedChange,
    endings: sessionEndings,
    now,
  });
  const attempts = createAttemptLimiter({ counters, sealer: sealerFor('counter-key'), now });
  const accountData = createAccountData();
  const links = createOneTimeLinks(records, sealerFor('one-time-link'), now);
  const devices = createDeviceTrust(sealerFor('device-trust'), now);
  const { idleSeconds } = lifetime;
  const kernel = {
    publicUrl,
    machines,
    pages,
    brand,
    signUpRoles,
    floor,
    canWrite,
    wait,
    clock,
    pacing: createEventLoopPacing(),
    records,
    transaction,
    hasTransactions,
    makeReportedChange,
    counters,
    sealerFor,
    bus,
    keyRing,
    providerSecrets,
    protectedResources,
    fetchFromProviders,
    events,
    now,
    logger,
    meter,
    hashing,
    queue,
    mailer: createAccountMailer({
      catalog,
      publicUrl,
      brand,
      pages,
      queue,
      counters,
      sealer: sealerFor('counter-key'),
      visitors: createVisitorMailLimiter({ attempts, limits: mails, logger, meter }),
    }),
    users,
    roles,
    memberships,
    policy,
    authority,
    roleEditor: createRoleEditor({ ...changing, authority, policy, signUpRoles }),
    actingAccounts,
    chosenPasswords: createChosenPasswords(),
    links,
    accountData,
    pendingAccounts: createPendingAccounts({
      users,
      links,
      accountData,
      events,
      transaction,
      makeReportedChange,
      now,
    }),
    signUpCookie: createSignUpCookie(cookie, sealerFor('sign-up-browser')),
    guesses: createGuessLimiter({ attempts, limits }),
    devices,
    deviceCookie: createDeviceCookie(cookie, devices),
    cookie,
    csrfTokens: createCsrfTokens(sealerFor(csrfSealingPurpose)),
    engine: await createEngine({ publicUrl, database, sealerFor, hashing, sessions, makeSession, logger, now }),
    gates,
    programSignIns: createProgramSignIns(),
    providerSignIns: createProviderSignIns(),
    stepUpOffers: createStepUpOffers(),
    requiredAssurance: gates,
    lifetime,
    sessions,
    sessionSealer: sealer,
    sessionEndings,
    directory: createSessionDirectory({
      sessions,
      users,
      roles,
      memberships,
      requiredAssurance: gates,
      sealer,
      idleSeconds,
      now,
    }),
    makeSession,
    sessionLimit: createSessionLimit({ sessions, revocation, rules: limitRules, now }),
    elevateSession: createSessionElevation({ sessions, sealer, cookie, bus, now }),
    revocation,
  };
  return {
    kernel,
    /** Raises the answer floor above what the slowest stored hash takes. Never rejects. */
    followStoredHashes: () => slowHashes.look(records),
    checkPolicy: (next: Policy) => opened.check(next),
    usePolicy: (next: Policy) => opened.use(next),
    close: async (): Promise<void> => {
      roles.close();
      await queue.close();
      await hashing.close();
    },
  };
}
