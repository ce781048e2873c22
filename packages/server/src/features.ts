import {
  composeFeatures,
  createOperatorServices as createIdentityServices,
  featureList as identityFeatures,
  type Feature,
  type FeatureSections,
  type FeatureServices as IdentityServices,
  type OperatorServices as IdentityOperatorServices,
} from '@sallyport/identity';
import {
  createOAuthOperatorServices,
  oauthFeatures,
  type OAuthOperatorServices,
  type OAuthSections,
  type OAuthServices,
} from '@sallyport/oauth';
import { storeTables } from '@sallyport/stores';
import type { AskOperation, RecordTable } from '@sallyport/core';

/** Every feature of the product: those of identity, and those that are packages of their own. */
export const featureList: readonly Feature<unknown, OperatorServices>[] = [...identityFeatures, ...oauthFeatures];

/** What all features are together. A command that uses what operators are not offered does not compile here. */
export const features = composeFeatures<OperatorServices>(featureList);

/** The sections of features, as schemas to spread into the whole, with the types that the compiler cannot follow through the set. */
export const featureSections = features.sections as FeatureSections & OAuthSections;

/** What features offer beside their routes, together. */
export type FeatureServices = IdentityServices & OAuthServices;

/** Every table of the product but those that identity makes for itself: what a start and a migration are given. */
export const databaseTables: readonly RecordTable[] = [...storeTables, ...composeFeatures(oauthFeatures).tables];

/** What commands use of features, wherever they run. */
export type OperatorServices = IdentityOperatorServices & OAuthOperatorServices;

/** Builds the services of commands on the operations of a gateway that runs, or of stores that this process has opened. */
export function createOperatorServices(ask: AskOperation): OperatorServices {
  return { ...createIdentityServices(ask), ...createOAuthOperatorServices(ask) };
}
