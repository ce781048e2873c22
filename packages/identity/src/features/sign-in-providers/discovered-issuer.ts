import * as client from 'openid-client';
import { isLoopbackHost, type Logger } from '@sallyport/core';
import { createClientAuthentication } from './client-authentication.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { providerTimeoutSeconds, type ProviderFetch } from './provider-fetch.ts';
import { refuse } from './provider-refusal.ts';
import { toProviderRefusal } from './to-provider-refusal.ts';

/** How long a discovery document is kept. Its keys are refetched by their own rule. */
const keptMilliseconds = 60 * 60 * 1000;
/** After a failure nothing is asked for so long: visitors cannot make this product hammer a provider. */
const failureMilliseconds = 5000;

export interface DiscoveredIssuerOptions {
  readonly provider: IdentityProvider;
  readonly secretOf: () => string | undefined;
  readonly fetchFrom: ProviderFetch;
  readonly logger: Logger;
  readonly now: () => Date;
}

/**
 * Builds what knows an OpenID provider by its discovery document: fetched when it is first needed, and again after an
 * hour, once for all who ask at the same time. A document that cannot be renewed is used until it can.
 *
 * Signatures of ID tokens are always verified, with keys of its `jwks_uri`. A token with an unknown `kid` has them fetched
 * anew, but not more often than once a minute.
 *
 * @returns rejects with `SP_PROVIDER_UNAVAILABLE`.
 */
export function createDiscoveredIssuer(options: DiscoveredIssuerOptions): () => Promise<client.Configuration> {
  const { provider, secretOf, fetchFrom, logger, now } = options;
  const isLocal = isLoopbackHost(new URL(provider.issuer).hostname);
  let known: { readonly configuration: client.Configuration; readonly until: number } | undefined;
  let failed: { readonly error: unknown; readonly until: number } | undefined;
  let running: Promise<client.Configuration> | undefined;

  const discover = async (): Promise<client.Configuration> => {
    const configuration = await client.discovery(
      new URL(provider.issuer),
      provider.clientId,
      undefined,
      createClientAuthentication(provider, secretOf),
      {
        timeout: providerTimeoutSeconds,
        [client.customFetch]: fetchFrom,
        // oxlint-disable-next-line typescript/no-deprecated -- so marked to be seen; for an issuer on loopback alone
        execute: [client.enableNonRepudiationChecks, ...(isLocal ? [client.allowInsecureRequests] : [])],
      },
    );
    const { authorization_endpoint, token_endpoint, jwks_uri } = configuration.serverMetadata();
    for (const endpoint of [authorization_endpoint, token_endpoint, jwks_uri])
      if (endpoint === undefined || !URL.canParse(endpoint) || !isSafe(new URL(endpoint), isLocal))
        throw refuse('discovery-invalid', new Error('an endpoint is missing or not https'));
    return configuration;
  };

  const renew = async (): Promise<client.Configuration> => {
    try {
      const configuration = await discover();
      known = { configuration, until: now().getTime() + keptMilliseconds };
      failed = undefined;
      return configuration;
    } catch (error) {
      const refusal = toDiscoveryRefusal(error);
      failed = { error: refusal, until: now().getTime() + failureMilliseconds };
      logger.warn('the discovery document of an identity provider cannot be used', {
        event: 'provider-discovery-failed',
        provider: provider.id,
        reason: refusal.reason ?? 'unknown',
      });
      if (known === undefined) throw refusal;
      return known.configuration;
    } finally {
      running = undefined;
    }
  };

  return async () => {
    const at = now().getTime();
    if (known !== undefined && at < known.until) return known.configuration;
    if (failed !== undefined && at < failed.until) {
      if (known === undefined) throw failed.error;
      return known.configuration;
    }
    running ??= renew();
    return running;
  };
}

/** Any fault of the document is an outage: no sign-in is refused by it. */
function toDiscoveryRefusal(error: unknown) {
  const refusal = toProviderRefusal(error);
  return refusal.code === 'SP_PROVIDER_UNAVAILABLE' ? refusal : refuse('discovery-invalid', error);
}

function isSafe({ protocol, hostname }: URL, isLocal: boolean): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLocal && isLoopbackHost(hostname));
}
