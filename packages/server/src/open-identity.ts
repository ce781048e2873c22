import {
  protectedResourceOf,
  type Brand,
  type Logger,
  type Mailer,
  type Meter,
  type ProtectedResource,
  type ProviderSecrets,
} from '@sallyport/core';
import type { GatewayOptions } from '@sallyport/gateway';
import { createIdentityWith, type FeatureSet, type Identity, type OnPolicyDifference } from '@sallyport/identity';
import { openBrand } from './brand/open-brand.ts';
import type { Config } from './config/config-schema.ts';
import { features, type FeatureServices } from './features.ts';
import type { Stores } from './open-stores.ts';
import { machineUrlOf } from './tls/machine-certificates.ts';

/** What identity is composed of. */
export interface IdentityComposition {
  readonly config: Config;
  readonly stores: Stores;
  readonly mailer: Mailer;
  /** What identity providers know this deployment by. @default none: no command signs anyone in */
  readonly providerSecrets?: () => ProviderSecrets;
  /** How identity providers are called. @default fetch */
  readonly fetchFromProviders?: typeof fetch;
  /** Routes that are protected resources of their own, as they are now. @default those of the configuration */
  readonly protectedResources?: () => readonly ProtectedResource[];
  /** What people see of the product, as it is now. @default that of the configuration */
  readonly brand?: () => Brand;
  readonly logger: Logger;
  readonly meter?: Meter;
  /** `use-stored` for a command that runs beside a gateway. @default 'refuse' */
  readonly onPolicyDifference?: OnPolicyDifference;
}

/** Identity with the services of all features of the product. */
export type ServedIdentity = Identity & FeatureServices;

/**
 * Builds identity as the configuration says, on the stores that are open.
 *
 * @param set the features of the product, and more in tests.
 */
export async function openIdentity(
  composition: IdentityComposition,
  set: FeatureSet = features,
): Promise<ServedIdentity> {
  const { config, stores, mailer, providerSecrets, brand = brandOf(config), logger, meter } = composition;
  const { onPolicyDifference = 'refuse', fetchFromProviders } = composition;
  const { protectedResources = () => protectedResourcesOf(config) } = composition;
  const { maxPerUser, onLimit } = config.session;
  const { database, sessions, sealerFor, bus, counters, keyRing } = stores;
  const identity = await createIdentityWith(set, {
    publicUrl: config.publicUrl,
    pages: config.pages,
    database,
    sessions,
    sealerFor,
    bus,
    keyRing,
    counters,
    canWrite: stores.hasRoom,
    mailer,
    brand,
    protectedResources,
    policy: config.policy,
    onPolicyDifference,
    sessionLifetime: config.session,
    sessionLimit: maxPerUser === undefined ? undefined : { maximum: maxPerUser, onLimit },
    features: config,
    ...(config.mtls === undefined ? {} : { machines: { publicUrl: machineUrlOf(config) } }),
    guessLimits: config.guessing,
    mailLimits: config.mailLimits,
    eventDays: config.retention.eventDays,
    logger,
    ...(meter === undefined ? {} : { meter }),
    ...(providerSecrets === undefined ? {} : { providerSecrets }),
    ...(fetchFromProviders === undefined ? {} : { fetchFromProviders }),
  });
  return identity as ServedIdentity; // The set has the services of the product.
}

/** What the gateway asks identity: who presents a session, or the credential of a feature. */
export function toGatewayIdentity({
  directory,
  authenticators,
}: Identity): Required<Pick<GatewayOptions, 'sessions' | 'authenticators'>> {
  return { sessions: directory, authenticators };
}

/** The routes of a configuration that are protected resources of their own. */
export function protectedResourcesOf({ routes, publicUrl, policy }: Config): readonly ProtectedResource[] {
  const permissions = Object.keys(policy.permissions);
  const { origin } = new URL(publicUrl);
  return routes.flatMap((route) => protectedResourceOf(route, origin, permissions) ?? []);
}

function brandOf(config: Config): () => Brand {
  const brand = openBrand(config);
  return () => brand;
}
