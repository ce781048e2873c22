import type { InvalidationBus, Logger, Meter, RotatingKeyRing, SealerFor } from '@sallyport/core';
import { openKeyRing, openSharedSecretRing, type KeyRingOptions } from '@sallyport/stores';
import type { Config } from './config/config-schema.ts';
import type { GatewayDatabase } from './open-database.ts';

export interface KeyRingComposition {
  readonly config: Config;
  /** What signs instead of key pairs, where the configuration says so. */
  readonly tokenSecret: string | undefined;
  readonly database: GatewayDatabase;
  readonly sealerFor: SealerFor;
  readonly bus: InvalidationBus;
  readonly logger: Logger;
  readonly meter: Meter | undefined;
}

/** Opens what signs tokens: keys in the database, or a shared secret. Keys that are in the database stay there unused then. */
export function openConfiguredKeyRing(composition: KeyRingComposition): Promise<RotatingKeyRing> {
  const { config, tokenSecret, database, sealerFor, bus, logger, meter } = composition;
  const watching = { logger, ...(meter === undefined ? {} : { meter }) };
  if (tokenSecret !== undefined) return openSharedSecretRing({ secrets: tokenSecret, ...watching });
  return openKeyRing({
    records: database.records,
    sealer: sealerFor('key-ring'),
    algorithm: config.keys.algorithm,
    rotationDays: config.keys.rotationDays,
    cacheSeconds: config.keys.cacheSeconds,
    ...keysFor(config),
    bus,
    readClock: () => database.readClock(),
    ...watching,
  });
}

/** What keys are made for, and the longest life of what they sign. */
function keysFor({ tokens, firstPartyTokens, oauthProvider }: Config): Pick<KeyRingOptions, 'uses' | 'tokenSeconds'> {
  const clientSeconds = firstPartyTokens?.accessTokens === 'jwt' ? firstPartyTokens.accessMinutes * 60 : 0;
  return {
    uses: [
      'internal',
      ...(clientSeconds > 0 ? (['client'] as const) : []),
      ...(oauthProvider === undefined ? [] : (['oidc', 'logout'] as const)),
    ],
    tokenSeconds: Math.max(tokens.internalSeconds, clientSeconds, (oauthProvider?.accessMinutes ?? 0) * 60),
  };
}
