import { randomUUID } from 'node:crypto';
import { internalTokenType, toInternalTokenClaims, type KeyRing, type LiveSession } from '@sallyport/core';
import { firstPartyClientId } from '../../sessions/first-party-client.ts';
import type { OpaqueTokens } from './opaque-token.ts';

/** An access token, for the answer of a sign-in or a refresh. */
export interface AccessToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/** Makes an access token for the session of a program. @throws `SP_KEYS_UNAVAILABLE` when it cannot be signed now. */
export type IssueAccessToken = (principal: LiveSession['principal']) => AccessToken;

export interface AccessTokenOptions {
  readonly keyRing: Pick<KeyRing, 'sign'>;
  /** Issuer and audience: the gateway makes them for itself. */
  readonly origin: string;
  readonly lifetimeSeconds: number;
  readonly now: () => Date;
}

/**
 * Builds what makes access tokens: JWTs (RFC 9068) under keys that sign nothing else, for the gateway alone. They name the
 * roles and not the permissions, which are those of the roles at the time of each request.
 */
export function createAccessTokens({ keyRing, origin, lifetimeSeconds, now }: AccessTokenOptions): IssueAccessToken {
  return (principal) => {
    const claims = toInternalTokenClaims({
      principal: { ...principal, credential: 'bearer', clientId: firstPartyClientId },
      issuer: origin,
      audience: origin,
      permissions: [],
      includeProfile: true,
      issuedAt: now(),
      lifetimeSeconds,
      tokenId: randomUUID(),
    });
    return { token: keyRing.sign('client', internalTokenType, claims), expiresInSeconds: lifetimeSeconds };
  };
}

/** What opaque access tokens are made with. */
export interface OpaqueAccessTokenOptions extends Pick<AccessTokenOptions, 'lifetimeSeconds' | 'now'> {
  readonly tokens: Pick<OpaqueTokens, 'issue'>;
}

/** Builds what makes opaque access tokens. They say nothing to their reader: who presents one is looked up. */
export function createOpaqueAccessTokens({ tokens, lifetimeSeconds, now }: OpaqueAccessTokenOptions): IssueAccessToken {
  return ({ sid }) => {
    const expiresAt = Math.floor(now().getTime() / 1000) + lifetimeSeconds;
    return { token: tokens.issue({ family: sid, expiresAt }), expiresInSeconds: lifetimeSeconds };
  };
}
