import type { FeatureSectionsOf } from '@sallyport/identity';

/** The features of this package, which the server puts beside those of identity. */
export const oauthFeatures = [] as const;

type ListedFeature = (typeof oauthFeatures)[number];

/** Sections of `sallyport.config.ts` that belong to them. */
export type OAuthSections = FeatureSectionsOf<ListedFeature>;
