import type * as z from 'zod';
import type { AskOperation } from '@sallyport/core';
import { composeFeatures } from './feature-set.ts';
import type { FeatureSectionsOf, FeatureServicesOf } from './listed-features.ts';
import type { AccountServices } from './features/administration/commands/account-command.ts';
import type { RoleServices } from './features/administration/commands/role-command.ts';
import { createOperatorAccounts } from './features/administration/operator-accounts.ts';
import { createOperatorRoles } from './features/administration/operator-roles.ts';
import { administrationFeature } from './features/administration/administration-feature.ts';
import { apiKeysFeature } from './features/api-keys/api-keys-feature.ts';
import { certificateFeature } from './features/api-keys/certificate-feature.ts';
import type { ApiKeyServices } from './features/api-keys/commands/api-key-command.ts';
import { createOperatorApiKeys } from './features/api-keys/operator-api-keys.ts';
import type { OrganizationServices } from './features/organizations/commands/organization-command.ts';
import { createOperatorOrganizations } from './features/organizations/operator-organizations.ts';
import { organizationFeature } from './features/organizations/organization-feature.ts';
import { passwordFeature } from './features/passwords/password-feature.ts';
import { providerFeature } from './features/sign-in-providers/provider-feature.ts';
import { secondFactorFeature } from './features/second-factor/second-factor-feature.ts';
import { tokenFeature } from './features/tokens/token-feature.ts';

/** The features of identity itself: another one is its folder and a line here. The server puts those of other packages beside them. */
export const featureList = [
  passwordFeature,
  secondFactorFeature,
  tokenFeature,
  administrationFeature,
  apiKeysFeature,
  certificateFeature,
  providerFeature,
  organizationFeature,
] as const;

/** What they are together. A command that uses what operators are not offered does not compile here. */
export const features = composeFeatures<OperatorServices>(featureList);

type ListedFeature = (typeof featureList)[number];

/** Sections of `sallyport.config.ts` that belong to features, as schemas to spread into the whole. */
export type FeatureSections = FeatureSectionsOf<ListedFeature>;

/** What the sections of features are configured with. */
export type FeatureConfig = { readonly [Name in keyof FeatureSections]?: z.input<FeatureSections[Name]> };

/** What features offer beside their routes, together. */
export type FeatureServices = FeatureServicesOf<ListedFeature>;

/** What commands of identity use of it, wherever it runs. */
export type OperatorServices = AccountServices & RoleServices & ApiKeyServices & OrganizationServices;

/** Builds the services of commands on the operations of a gateway that runs, or of stores that this process has opened. */
export function createOperatorServices(ask: AskOperation): OperatorServices {
  return {
    accounts: createOperatorAccounts(ask),
    roles: createOperatorRoles(ask),
    apiKeys: createOperatorApiKeys(ask),
    organizations: createOperatorOrganizations(ask),
    requireAcceptablePassword: async (field, password, { name, email }) => {
      await ask('passwords/check', { field, password, owner: { name, email } });
    },
  };
}
