import type { Hono } from 'hono';
import type {
  Brand,
  Authenticator,
  Command,
  CredentialKind,
  DoctorCheck,
  EventCatalog,
  Message,
  Operation,
  Policy,
  RecordTable,
  RetentionRule,
  SealedColumn,
  ServiceCommandContext,
} from '@sallyport/core';
import type * as z from 'zod';
import type { DescribeAccount, ForgetAccount, SuspendAccount } from './accounts/account-data.ts';
import type { FindActingAccount } from './accounts/acting-accounts.ts';
import type { MembershipReader } from './accounts/memberships.ts';
import type { RequireAcceptablePassword } from './accounts/chosen-passwords.ts';
import type { IdentityEnvironment } from './http/identity-request.ts';
import type { IdentityKernel, KernelSettings } from './kernel.ts';
import type { MailCatalog } from './mail/mail-catalog.ts';
import type { OptionsProblem } from './parse-options.ts';
import type { IsProviderSignInOver } from './sessions/provider-sign-ins.ts';
import type { SignInGate } from './sessions/required-assurance.ts';
import type { NoteSessionEndings } from './sessions/session-endings.ts';
import type { OfferStepUp } from './sessions/step-up-offers.ts';
import type { ProgramSignIn } from './sign-in/program-sign-ins.ts';

/**
 * One capability of identity. What it needs stands in its own folder, and the composition reads it from here. A feature
 * imports the kernel and no other feature.
 *
 * @typeParam Services what its commands may use: services of its own and of others of the set.
 */
export interface Feature<Config = unknown, Services = never> {
  /** Also the key of its section in `sallyport.config.ts`. */
  readonly name: string;
  /** Its section of `sallyport.config.ts`, with defaults for all that may be absent. */
  readonly config?: z.ZodType<Config>;
  readonly tables?: readonly RecordTable[];
  readonly sealedColumns?: readonly SealedColumn[];
  /** The kind of credential that its `authenticator` recognizes, so that routes may open it; all that its section chooses of. */
  readonly credential?: FeatureCredentialKind | readonly FeatureCredentialKind[];
  /** Which of several kinds its section chooses. Demanded of a feature that declares several. */
  credentialOf?(config: Config): FeatureCredentialKind;
  /** Whether its section asks for it: a feature that is not asked for recognizes no credential. @default always */
  isEnabled?(config: Config): boolean;
  /** Whether the policy has what it is about. @default always */
  isOfferedBy?(policy: Policy): boolean;
  /** The security events that it alone writes. The reference page and the log read them. */
  readonly events?: EventCatalog;
  /** The mails that it sends to the owners of accounts. */
  readonly mails?: MailCatalog;
  /** What it sends beside its mails, with example values: for previews. */
  messageSamples?(publicUrl: string, brand: Brand): readonly Message[];
  /** Rows that are deleted some time after they expire. */
  readonly retention?: readonly RetentionRule[];
  /** Its commands of `sallyport`, known without a store. Each is given services of the set when it runs. */
  readonly commands?: readonly FeatureCommand<Services>[];
  /** What it looks at before the start of a gateway, and in `sallyport doctor`. */
  readonly checks?: readonly FeatureCheck<Config>[];
  /** What is wrong with its section beside the policy, by keys of the section. */
  problemsOf?(config: Config, policy: Policy): readonly OptionsProblem[];
  /** What its section says about parts of the kernel. */
  kernelSettingsOf?(config: Config): Partial<KernelSettings>;
  /** Builds it on what it declares to take of the kernel. */
  create(kernel: IdentityKernel, config: Config): BuiltFeature;
}

/** A kind of credential that a feature may recognize: sessions are the gateway's own. */
export type FeatureCredentialKind = Exclude<CredentialKind, 'session'>;

/** A `DoctorCheck` whose context is the section of the feature. */
export interface FeatureCheck<Config> extends Pick<DoctorCheck<Config>, 'name'> {
  run(section: Config): ReturnType<DoctorCheck<Config>['run']>;
}

/** A command that uses services of features. */
export type FeatureCommand<Services> = Command<ServiceCommandContext<Services>>;

/** A feature, built on the kernel. */
export interface BuiltFeature {
  /** Served below `/auth`. */
  readonly routes?: readonly Hono<IdentityEnvironment>[];
  /** Served below `/manage`, where the gateway lets programs in and no person. */
  readonly manageRoutes?: readonly Hono<IdentityEnvironment>[];
  /** What it requires of sign-ins, before a session is made. */
  readonly gate?: SignInGate;
  /** Signs programs in, for features that prove who is there. One feature has it. */
  readonly programSignIn?: ProgramSignIn;
  /** Whether an identity provider ended a sign-in that is no session yet. One feature has it. */
  readonly isProviderSignInOver?: IsProviderSignInOver;
  /** With what it has users confirm who they are who have no second factor. */
  readonly offerStepUp?: OfferStepUp;
  /** Recognizes the credential of programs for the gateway; of the kind that the feature declares. */
  readonly authenticator?: Authenticator;
  /** What operators and commands call, beside its routes. They become members of identity. */
  readonly services?: object;
  /** Deletes what it keeps of an account. Joins the transaction that it is called in. */
  readonly forgetAccount?: ForgetAccount;
  /** Writes down that sessions end. Joins the transaction that ends them. */
  readonly noteSessionEndings?: NoteSessionEndings;
  /** Ends what it does for an account elsewhere, when the account is banned. Joins the transaction that it is called in. */
  readonly suspendAccount?: SuspendAccount;
  /** What it keeps of an account that operators may see. */
  readonly describeAccount?: DescribeAccount;
  /** Reads accounts of its own that change users, such as those of programs. */
  readonly findActor?: FindActingAccount;
  /** What users are in organizations. One feature has it. */
  readonly memberships?: MembershipReader;
  /** What a password has to meet that is chosen for an account, wherever that is done. */
  readonly passwordRules?: RequireAcceptablePassword;
  /** What operators do with it, at a gateway that runs or beside the stores. */
  readonly operations?: readonly Operation[];
  /** Begins what it does beside requests. Called once by a process that serves them, and by no command. */
  start?(): void;
  /** Ends what it began; called once, before the kernel closes. */
  close?(): Promise<void>;
}
