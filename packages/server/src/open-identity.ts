import type { Logger, Mailer, Meter } from '@sallyport/core';
import { createIdentity, type Identity, type OnPolicyDifference } from '@sallyport/identity';
import type { Config } from './config/config-schema.ts';
import type { Stores } from './open-stores.ts';

/** What identity is composed of. */
export interface IdentityComposition {
  readonly config: Config;
  readonly stores: Stores;
  readonly mailer: Mailer;
  readonly logger: Logger;
  readonly meter?: Meter;
  /** `use-stored` for a command that runs beside a gateway. @default 'refuse' */
  readonly onPolicyDifference?: OnPolicyDifference;
}

/** Builds identity as the configuration says, on the stores that are open. */
export function openIdentity(composition: IdentityComposition): Promise<Identity> {
  const { config, stores, mailer, logger, meter, onPolicyDifference = 'refuse' } = composition;
  const { maxPerUser, onLimit } = config.session;
  const { database, sessions, sealerFor, bus, counters } = stores;
  return createIdentity({
    publicUrl: config.publicUrl,
    database,
    sessions,
    sealerFor,
    bus,
    counters,
    mailer,
    policy: config.policy,
    onPolicyDifference,
    sessionLifetime: config.session,
    sessionLimit: maxPerUser === undefined ? undefined : { maximum: maxPerUser, onLimit },
    features: config,
    guessLimits: config.guessing,
    logger,
    ...(meter === undefined ? {} : { meter }),
  });
}
