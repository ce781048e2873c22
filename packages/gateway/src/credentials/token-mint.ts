import { randomUUID } from 'node:crypto';
import {
  createLeastRecentlyUsed,
  internalIssuerPath,
  internalTokenType,
  selectPermissions,
  silentMeter,
  toInternalTokenClaims,
  type InternalTokenClaims,
  type KeyRing,
  type Meter,
  type Principal,
} from '@sallyport/core';
import type { TokenShape } from '../routing/token-shape.ts';

/** A token for one audience, ready to be sent. */
export interface MintedToken {
  /** The whole value of the `Authorization` header. */
  readonly authorization: string;
  readonly claims: InternalTokenClaims;
  /** Milliseconds since 1970: from then on it may be sent. A clock that was put back makes it one of the future. */
  readonly madeAt: number;
  /** Milliseconds since 1970 after which a new one is made. */
  readonly renewAt: number;
}

export interface MintedResult {
  readonly token: MintedToken;
  readonly isHit: boolean;
}

/** Makes tokens, once per session, audience and generation. */
export interface TokenMint {
  /** `notAfter` is when the token ends at the latest, in seconds since 1970. Then it is remembered with this very object. */
  mint(principal: Principal, shape: TokenShape, notAfter?: number): MintedResult;
  /** Forgets every token: what a withdrawn key signed is not sent again. */
  forgetAll(): void;
}

export interface TokenMintParts {
  readonly keyRing: KeyRing;
  readonly publicOrigin: string;
  readonly lifetimeSeconds: number;
  readonly clock: () => number;
  readonly maxEntries: number;
  /** `x5t#S256` of the certificate that the gateway presents now. @default it has none, and no token is bound */
  readonly thumbprint?: (() => string | undefined) | undefined;
  readonly meter?: Meter;
}

/**
 * Builds the mint. A token is reused for half of its life: what is left is how far the clock of a service may be ahead.
 * Whatever grows a generation changes the key under which tokens are remembered, so that an old one is never found again.
 */
export function createTokenMint(parts: TokenMintParts): TokenMint {
  const { keyRing, lifetimeSeconds, clock, meter = silentMeter } = parts;
  const issuer = parts.publicOrigin + internalIssuerPath;
  const lifeBeforeRenewal = (lifetimeSeconds / 2) * 1000;
  const byAuthority = createLeastRecentlyUsed<Map<string, MintedToken>>(parts.maxEntries);
  meter.gauge(
    { name: 'sallyport_token_cache_entries', help: 'Callers whose tokens are remembered' },
    () => byAuthority.size,
  );
  const uses = meter.counter({
    name: 'sallyport_token_uses_total',
    help: 'Tokens that were sent: remembered, or signed for the request',
    labels: ['from'],
  });
  const [hits, misses] = [uses.of('memory'), uses.of('signature')];
  // A principal object is immutable and shared by all requests of a session: its key is written once.
  let byPrincipal = new WeakMap<Principal, Map<string, MintedToken>>();

  const tokensOf = (principal: Principal): Map<string, MintedToken> => {
    const known = byPrincipal.get(principal);
    if (known !== undefined) return known;
    const key = authorityKey(principal);
    const tokens = byAuthority.get(key) ?? new Map<string, MintedToken>();
    byAuthority.set(key, tokens);
    byPrincipal.set(principal, tokens);
    return tokens;
  };

  const boundTokensOf = (principal: Principal): Map<string, MintedToken> => {
    const tokens = byPrincipal.get(principal) ?? new Map<string, MintedToken>();
    byPrincipal.set(principal, tokens);
    return tokens;
  };

  const requireThumbprint = (): string => {
    const thumbprint = parts.thumbprint?.();
    if (thumbprint === undefined) throw new TypeError('tokens are bound to a certificate, and there is none');
    return thumbprint;
  };

  // A token that is bound to a certificate of before goes over no connection that is opened now. And one caller may present
  // two certificates: what was made for the longer one does not do for the one that ends first.
  const isUsable = (token: MintedToken, { isBound }: TokenShape, at: number, notAfter: number): boolean =>
    at < token.renewAt &&
    at >= token.madeAt &&
    token.claims.exp <= notAfter &&
    (!isBound || boundCertificateOf(token) === parts.thumbprint?.());

  const sign = (principal: Principal, shape: TokenShape, at: number, notAfter: number): MintedToken => {
    const seconds = Math.min(lifetimeSeconds, notAfter - Math.floor(at / 1000));
    const claims = toInternalTokenClaims({
      principal,
      issuer,
      audience: shape.audience,
      permissions: selectPermissions(principal.permissions, shape.permissions),
      includeProfile: shape.includeProfile,
      issuedAt: new Date(at),
      lifetimeSeconds: seconds,
      tokenId: randomUUID(),
      boundCertificate: shape.isBound ? requireThumbprint() : undefined,
    });
    const token = keyRing.sign('internal', internalTokenType, claims);
    // Of one that ends with another there is no longer one to be had.
    const renewAt = seconds < lifetimeSeconds ? claims.exp * 1000 : at + lifeBeforeRenewal;
    return { authorization: `Bearer ${token}`, claims, madeAt: at, renewAt };
  };

  return {
    forgetAll: () => {
      byAuthority.clear();
      byPrincipal = new WeakMap();
    },
    mint: (principal, shape, givenEnd) => {
      const at = clock();
      const tokens = givenEnd === undefined ? tokensOf(principal) : boundTokensOf(principal);
      const notAfter = givenEnd ?? Infinity;
      const known = tokens.get(shape.key);
      if (known !== undefined && isUsable(known, shape, at, notAfter)) {
        hits.add();
        return { token: known, isHit: true };
      }
      misses.add();
      const token = sign(principal, shape, at, notAfter);
      tokens.set(shape.key, token);
      return { token, isHit: false };
    },
  };
}

/** `x5t#S256` of the certificate that a token is bound to; `undefined` where it is bound to none. */
export function boundCertificateOf({ claims }: MintedToken): string | undefined {
  return claims.cnf?.['x5t#S256'];
}

/** Everything that a token says of a caller and that may differ between two requests of one session, or two credentials. */
function authorityKey(principal: Principal): string {
  const { kind, id, sid, clientId, credential, generation, actor, acr, authTime, org, orgRoles } = principal;
  // What a session may follows from the generations; of two keys of one user, each has permissions of its own.
  const own = credential === 'session' ? [] : [principal.roles, principal.permissions, principal.amr];
  const organization = [org, orgRoles];
  return JSON.stringify([
    kind,
    id,
    sid,
    clientId,
    credential,
    generation,
    actor,
    acr,
    authTime.getTime(),
    organization,
    own,
  ]);
}
