import type {
  Authenticator,
  Brand,
  CredentialKind,
  DoctorCheck,
  EventCatalog,
  Message,
  Operation,
  Policy,
  RecordTable,
  RetentionRule,
  SealedColumn,
} from '@sallyport/core';
import type { Hono } from 'hono';
import type * as z from 'zod';
import { combineAuthenticators, kindsOfSeveral } from './combined-authenticators.ts';
import { kernelEvents } from './events/kernel-events.ts';
import type { Feature, FeatureCommand } from './feature.ts';
import type { IdentityEnvironment } from './http/identity-request.ts';
import type { IdentityKernel, KernelSettings } from './kernel.ts';
import type { MailCatalog } from './mail/mail-catalog.ts';
import { toMailSamples } from './mail/mail-samples.ts';
import { optionsErrorOf, parseOptions, type OptionsProblem } from './parse-options.ts';

/** The sections of features, by the names of the features. */
export type FeatureSectionsInput = Readonly<Record<string, unknown>>;

/** What all features of a list are together. Everything about them that identity and the gateway know is read from here. */
export interface FeatureSet<Services = never> {
  readonly tables: readonly RecordTable[];
  /** The columns in which features seal secrets, for a change of the root secret. */
  readonly sealedColumns: readonly SealedColumn[];
  /** The schemas of the sections that features have in `sallyport.config.ts`. */
  readonly sections: Readonly<Record<string, z.ZodType>>;
  /** The kinds of credentials that features recognize with these sections, beside the session. */
  credentialsOf(sections: FeatureSectionsInput): readonly CredentialKind[];
  /** The names of the features that are on with these sections and this policy. */
  enabledWith(sections: FeatureSectionsInput, policy: Policy): readonly string[];
  /** Every security event: those of the kernel, then those of each feature. */
  readonly events: EventCatalog;
  readonly mails: MailCatalog;
  /** Every message that is sent, with example values, in a brand: for previews. */
  messageSamples(publicUrl: string, brand: Brand): readonly Message[];
  readonly retention: readonly RetentionRule[];
  /** The commands of features, in the order of the list. Each takes services that the features of the set have. */
  readonly commands: readonly FeatureCommand<Services>[];
  /** What features look at before the start of a gateway, each in its own section. */
  readonly checks: readonly DoctorCheck<FeatureSectionsInput>[];
  /** What is wrong with the sections beside the policy, by keys of the configuration. */
  problemsOf(sections: FeatureSectionsInput, policy: Policy): readonly OptionsProblem[];
  /** What the sections say about parts of the kernel. @throws OptionsError for a section that cannot work. */
  kernelSettingsOf(sections: FeatureSectionsInput, policy: Policy): Partial<KernelSettings>;
  /** Builds every feature on the kernel, and registers what they require of sign-ins. */
  create(kernel: IdentityKernel, sections: FeatureSectionsInput): BuiltFeatureSet;
}

/** The features of a list, built. */
export interface BuiltFeatureSet {
  readonly routes: readonly Hono<IdentityEnvironment>[];
  readonly manageRoutes: readonly Hono<IdentityEnvironment>[];
  /** In the order of the features: so the gateway asks them. */
  readonly authenticators: readonly Authenticator[];
  readonly services: object;
  readonly operations: readonly Operation[];
  start(): void;
  close(): Promise<void>;
}

/** Puts a list of features together. @throws TypeError for two that declare an event, a mail, a command, a section or a kind of credential of one name. */
export function composeFeatures<Services = never>(
  features: readonly Feature<unknown, Services>[],
): FeatureSet<Services> {
  const sectionOf = ({ name, config }: Feature<unknown, Services>, sections: FeatureSectionsInput): unknown =>
    config === undefined ? undefined : parseOptions(name, config, sections[name]);

  const problemsOf: FeatureSet['problemsOf'] = (sections, policy) =>
    features.flatMap((feature) => {
      const problems = feature.problemsOf?.(sectionOf(feature, sections), policy) ?? [];
      return problems.map(({ key, problem }) => ({ key: `${feature.name}.${key}`, problem }));
    });

  const isEnabled = (feature: Feature<unknown, Services>, sections: FeatureSectionsInput): boolean =>
    feature.isEnabled?.(sectionOf(feature, sections)) ?? true;
  /** The kind that a feature recognizes with its section, if any. */
  const credentialOf = (
    feature: Feature<unknown, Services>,
    sections: FeatureSectionsInput,
  ): CredentialKind | undefined => {
    if (!isEnabled(feature, sections)) return undefined;
    return feature.credentialOf?.(sectionOf(feature, sections)) ?? declaredKinds(feature)[0];
  };
  mergeNamed(
    features.map((feature) =>
      Object.fromEntries(
        declaredKinds(feature)
          .filter((kind) => !kindsOfSeveral.has(kind))
          .map((kind) => [kind, kind]),
      ),
    ),
  );

  return {
    tables: features.flatMap(({ tables = [] }) => tables),
    sealedColumns: features.flatMap(({ sealedColumns = [] }) => sealedColumns),
    sections: mergeNamed(features.map(({ name, config }) => (config === undefined ? {} : { [name]: config }))),
    credentialsOf: (sections) => [...new Set(features.flatMap((feature) => credentialOf(feature, sections) ?? []))],
    enabledWith: (sections, policy) =>
      features
        .filter((feature) => isEnabled(feature, sections) && (feature.isOfferedBy?.(policy) ?? true))
        .map(({ name }) => name),
    events: mergeNamed([kernelEvents, ...features.map(({ events = {} }) => events)]),
    mails: mergeNamed(features.map(({ mails = {} }) => mails)),
    messageSamples: (publicUrl, brand) =>
      features.flatMap((feature) => [
        ...toMailSamples(feature.mails ?? {}, publicUrl, brand),
        ...(feature.messageSamples?.(publicUrl, brand) ?? []),
      ]),
    retention: features.flatMap(({ retention = [] }) => retention),
    commands: Object.values(
      mergeNamed(
        features.map(({ commands = [] }) => Object.fromEntries(commands.map((command) => [command.name, command]))),
      ),
    ),
    checks: features.flatMap((feature) =>
      (feature.checks ?? []).map((check) => ({
        name: check.name,
        run: (sections: FeatureSectionsInput) => check.run(sectionOf(feature, sections)),
      })),
    ),
    problemsOf,
    kernelSettingsOf(sections, policy) {
      const problems = problemsOf(sections, policy);
      if (problems.length > 0) throw optionsErrorOf(problems);
      const settings = features.map((feature) => feature.kernelSettingsOf?.(sectionOf(feature, sections)));
      return Object.assign({}, ...settings) as Partial<KernelSettings>; // Each is one, and so are all together.
    },
    create(kernel, sections) {
      const built = features.map((feature) => feature.create(kernel, sectionOf(feature, sections)));
      for (const [index, { authenticator }] of built.entries()) {
        const feature = features[index];
        requireDeclared(
          feature?.name,
          feature === undefined ? undefined : credentialOf(feature, sections),
          authenticator,
        );
      }
      for (const parts of built) {
        const { gate, programSignIn, forgetAccount, suspendAccount, noteSessionEndings } = parts;
        const { describeAccount, findActor, memberships, passwordRules, isProviderSignInOver, offerStepUp } = parts;
        if (gate !== undefined) kernel.gates.register(gate);
        if (programSignIn !== undefined) kernel.programSignIns.register(programSignIn);
        if (isProviderSignInOver !== undefined) kernel.providerSignIns.register(isProviderSignInOver);
        if (offerStepUp !== undefined) kernel.stepUpOffers.register(offerStepUp);
        if (forgetAccount !== undefined) kernel.accountData.register(forgetAccount);
        if (suspendAccount !== undefined) kernel.accountData.registerSuspension(suspendAccount);
        if (noteSessionEndings !== undefined) kernel.sessionEndings.register(noteSessionEndings);
        if (describeAccount !== undefined) kernel.accountData.registerFacts(describeAccount);
        if (findActor !== undefined) kernel.actingAccounts.register(findActor);
        if (memberships !== undefined) kernel.memberships.register(memberships);
        if (passwordRules !== undefined) kernel.chosenPasswords.register(passwordRules);
      }
      return {
        routes: built.flatMap(({ routes = [] }) => routes),
        manageRoutes: built.flatMap(({ manageRoutes = [] }) => manageRoutes),
        authenticators: combineAuthenticators(built.flatMap(({ authenticator }) => authenticator ?? [])),
        services: mergeNamed(built.map(({ services = {} }) => ({ ...services }))),
        operations: Object.values(
          mergeNamed(built.flatMap(({ operations = [] }) => operations.map((one) => ({ [one.name]: one })))),
        ),
        start() {
          for (const feature of built) feature.start?.();
        },
        async close() {
          for (const feature of built) await feature.close?.();
        },
      };
    },
  };
}

function declaredKinds({ credential = [] }: Pick<Feature, 'credential'>): readonly CredentialKind[] {
  return typeof credential === 'string' ? [credential] : credential;
}

function mergeNamed<Member>(parts: readonly Readonly<Record<string, Member>>[]): Readonly<Record<string, Member>> {
  const entries = parts.flatMap((part) => Object.entries(part));
  const names = entries.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`two features declare ${twice}`);
  return Object.fromEntries(entries);
}

/** The configuration is checked by what is declared, and the gateway asks what was built. */
function requireDeclared(
  name: string | undefined,
  declared: CredentialKind | undefined,
  authenticator: Authenticator | undefined,
): void {
  if (declared === authenticator?.kind) return;
  throw new TypeError(`the feature ${name} declares another credential than its authenticator recognizes`);
}
