import 'server-only';
import { fetchProviderToken as fetchFromGateway, type ProviderToken } from '@sallyport/core';
import { headers } from 'next/headers.js';
import { auth } from './auth.ts';
import { loadZoneEnvironment } from './zone-environment.ts';

/** What a call may choose. */
export interface FetchProviderTokenInit {
  readonly signal?: AbortSignal;
  /** @default 15000 */
  readonly timeoutMilliseconds?: number;
}

/**
 * Gets the access token that an identity provider gave for the person who is asking, to call the API of that provider: from
 * the internal listener of the gateway, which refreshes it where it has ended. The route of this application lists the
 * provider in `providerTokens`.
 *
 * On the server alone: a token that reaches a component of the browser is out.
 *
 * @throws ProviderTokenError whose `kind` says what to do: `sign-in-required`, `not-connected`, `caller-unknown` for a person
 *   who is not signed in, `not-permitted`, `not-found`, `unavailable`, `unreachable`, `unreadable`. What `auth()` throws; the
 *   reason of `init.signal`.
 * @example
 * const { accessToken } = await fetchProviderToken('google');
 * const files = await fetch(driveUrl, { headers: { authorization: `Bearer ${accessToken}` } });
 */
export async function fetchProviderToken(provider: string, init: FetchProviderTokenInit = {}): Promise<ProviderToken> {
  const isSignedIn = (await auth()).status === 'signed-in';
  const incoming = await headers();
  return fetchFromGateway({
    internalUrl: loadZoneEnvironment().internalUrl,
    provider,
    authorization: isSignedIn ? (incoming.get('authorization') ?? undefined) : undefined,
    requestId: incoming.get('x-request-id') ?? undefined,
    ...init,
  });
}
