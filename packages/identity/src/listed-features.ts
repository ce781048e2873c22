import type * as z from 'zod';

/** What the types of a list of features are read from. */
interface ListedFeature {
  readonly name: string;
  readonly config?: z.ZodType;
  create(...built: never): object;
}

/** Sections of `sallyport.config.ts` that belong to the features of a list, as schemas to spread into the whole. */
export type FeatureSectionsOf<Listed extends ListedFeature> = {
  readonly [F in Extract<Listed, { readonly config: z.ZodType }> as F['name']]: F['config'];
};

/** What the features of a list offer beside their routes, together. */
export type FeatureServicesOf<Listed extends ListedFeature> =
  TakesServices<Listed> extends (services: infer All) => void ? All : never;

/** Functions of the services of each feature: what all of them accept is all services together. */
type TakesServices<Each extends ListedFeature> = Each extends ListedFeature
  ? ReturnType<Each['create']> extends { readonly services: infer Services }
    ? (services: Services) => void
    : never
  : never;
