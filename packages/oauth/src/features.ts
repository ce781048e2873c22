import type { AskOperation } from '@sallyport/core';
import type { FeatureSectionsOf, FeatureServicesOf } from '@sallyport/identity';
import type { ClientServices } from './clients/commands/client-command.ts';
import { createOperatorOAuthClients } from './clients/operator-oauth-clients.ts';
import { oauthProviderFeature } from './oauth-provider-feature.ts';

/** The features of this package, which the server puts beside those of identity. */
export const oauthFeatures = [oauthProviderFeature] as const;

/** What commands of this package use of them, wherever they run. */
export type OAuthOperatorServices = ClientServices;

/** Builds the services of its commands on the operations of a gateway that runs, or of stores that this process has opened. */
export function createOAuthOperatorServices(ask: AskOperation): OAuthOperatorServices {
  return { oauthClients: createOperatorOAuthClients(ask) };
}

type ListedFeature = (typeof oauthFeatures)[number];

/** Sections of `sallyport.config.ts` that belong to them. */
export type OAuthSections = FeatureSectionsOf<ListedFeature>;

/** What they offer beside their routes, together. */
export type OAuthServices = FeatureServicesOf<ListedFeature>;
