import type * as z from 'zod';
import type { AskOperation } from '@sallyport/core';
import { composeFeatures } from './feature-set.ts';
import type { AccountServices } from './features/administration/commands/account-command.ts';
import { createOperatorAccounts } from './features/administration/operator-accounts.ts';
import { administrationFeature } from './features/administration/administration-feature.ts';
import { apiKeysFeature } from './features/api-keys/api-keys-feature.ts';
import type { ApiKeyServices } from './features/api-keys/commands/api-key-command.ts';
import { createOperatorApiKeys } from './features/api-keys/operator-api-keys.ts';
import { passwordFeature } from './features/passwords/password-feature.ts';
import { secondFactorFeature } from './features/second-factor/second-factor-feature.ts';
import { tokenFeature } from './features/tokens/token-feature.ts';

/** Every feature. This is the only list of them: another one is its folder and a line here. */
export const featureList = [
  passwordFeature,
  secondFactorFeature,
  tokenFeature,
  administrationFeature,
  apiKeysFeature,
] as const;

/** What all features are together. A command that uses what operators are not offered does not compile here. */
export const features = composeFeatures<OperatorServices>(featureList);

type ListedFeature = (typeof featureList)[number];
type ConfiguredFeature = Extract<ListedFeature, { readonly config: z.ZodType }>;

/** Sections of `sallyport.config.ts` that belong to features, as schemas to spread into the whole. */
export type FeatureSections = { readonly [F in ConfiguredFeature as F['name']]: F['config'] };

/** What the sections of features are configured with. */
export type FeatureConfig = { readonly [Name in keyof FeatureSections]?: z.input<FeatureSections[Name]> };

/** What features offer beside their routes, together. */
export type FeatureServices = TakesServices<ListedFeature> extends (services: infer All) => void ? All : never;

/** Functions of the services of each feature: what all of them accept is all services together. */
type TakesServices<Each extends ListedFeature> = Each extends ListedFeature
  ? ReturnType<Each['create']> extends { readonly services: infer Services }
    ? (services: Services) => void
    : never
  : never;

/** The same schemas as in the set, with the types that the compiler cannot follow through it. */
export const featureSections = features.sections as FeatureSections;

/** What commands use of identity, wherever it runs. */
export type OperatorServices = AccountServices & ApiKeyServices;

/** Builds the services of commands on the operations of a gateway that runs, or of stores that this process has opened. */
export function createOperatorServices(ask: AskOperation): OperatorServices {
  return {
    accounts: createOperatorAccounts(ask),
    apiKeys: createOperatorApiKeys(ask),
    requireAcceptablePassword: async (field, password, { name, email }) => {
      await ask('passwords/check', { field, password, owner: { name, email } });
    },
  };
}
