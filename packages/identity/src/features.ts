import type { Policy, RecordTable, SealedColumn } from '@sallyport/core';
import type { Hono } from 'hono';
import type * as z from 'zod';
import type { Feature } from './feature.ts';
import { administrationFeature } from './features/administration/administration-feature.ts';
import { passwordFeature } from './features/passwords/password-feature.ts';
import { secondFactorFeature } from './features/second-factor/second-factor-feature.ts';
import type { IdentityEnvironment } from './http/identity-request.ts';
import type { IdentityKernel, KernelSettings } from './kernel.ts';
import { optionsErrorOf, parseOptions, type OptionsProblem } from './parse-options.ts';

/** Every feature. This is the only place that names them: all that follows is read from them. */
const named = [passwordFeature, secondFactorFeature, administrationFeature] as const;
const features: readonly Feature[] = named;

type NamedFeature = (typeof named)[number];
type ConfiguredFeature = Extract<NamedFeature, { readonly config: z.ZodType }>;

/** Sections of `sallyport.config.ts` that belong to features, as schemas to spread into the whole. */
export type FeatureSections = { readonly [F in ConfiguredFeature as F['name']]: F['config'] };

/** What the sections of features are configured with. */
export type FeatureConfig = { readonly [Name in keyof FeatureSections]?: z.input<FeatureSections[Name]> };

/** What features offer beside their routes, together. */
export type FeatureServices = TakesServices<NamedFeature> extends (services: infer All) => void ? All : never;

/** Functions of the services of each feature: what all of them accept is all services together. */
type TakesServices<Each extends NamedFeature> = Each extends NamedFeature
  ? ReturnType<Each['create']> extends { readonly services: infer Services }
    ? (services: Services) => void
    : never
  : never;

/** The tables of all features. */
export const featureTables: readonly RecordTable[] = features.flatMap(({ tables = [] }) => tables);

/** The columns in which features seal secrets, for a change of the root secret. */
export const identitySealedColumns: readonly SealedColumn[] = features.flatMap(
  ({ sealedColumns = [] }) => sealedColumns,
);

/** The schemas of the sections that features have in `sallyport.config.ts`. */
export const featureSections = Object.fromEntries(
  features.flatMap(({ name, config }) => (config === undefined ? [] : [[name, config]])),
) as FeatureSections; // The same list, whose types the compiler cannot follow through entries.

/** What is wrong with the sections of features beside the policy, by keys of the configuration. */
export function problemsOfFeatures(config: FeatureConfig, policy: Policy): readonly OptionsProblem[] {
  return features.flatMap((feature) => {
    const problems = feature.problemsOf?.(sectionOf(feature, config), policy) ?? [];
    return problems.map(({ key, problem }) => ({ key: `${feature.name}.${key}`, problem }));
  });
}

/** What the sections of features say about parts of the kernel. */
export function kernelSettingsOf(config: FeatureConfig): Partial<KernelSettings> {
  const settings = features.map((feature) => feature.kernelSettingsOf?.(sectionOf(feature, config)));
  return Object.assign({}, ...settings) as Partial<KernelSettings>; // Each is a part of one, and so are all together.
}

/** What all features are together, once they are built. */
export interface BuiltFeatures {
  readonly routes: readonly Hono<IdentityEnvironment>[];
  readonly services: FeatureServices;
}

/** Builds every feature on the kernel, and registers what they require of sign-ins. */
export function createFeatures(kernel: IdentityKernel, config: FeatureConfig): BuiltFeatures {
  const built = features.map((feature) => feature.create(kernel, sectionOf(feature, config)));
  for (const { gate } of built) if (gate !== undefined) kernel.gates.register(gate);
  return {
    routes: built.flatMap(({ routes }) => routes),
    services: Object.assign({}, ...built.map(({ services }) => services)) as FeatureServices, // Merged, as the type says.
  };
}

/** @throws OptionsError for a section that cannot work. */
export function requireFeatureConfig(config: FeatureConfig, policy: Policy): void {
  const problems = problemsOfFeatures(config, policy);
  if (problems.length > 0) throw optionsErrorOf(problems);
}

function sectionOf({ name, config }: Feature, sections: Readonly<Record<string, unknown>>): unknown {
  return config === undefined ? undefined : parseOptions(name, config, sections[name]);
}
