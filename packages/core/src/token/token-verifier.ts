import { jwtVerify } from 'jose';
import { createLeastRecentlyUsed } from '../caching/least-recently-used.ts';
import { internalTokenClaimsSchema, internalTokenType, toPrincipal } from './internal-token.ts';
import type { KeySource } from './key-source.ts';
import type { Principal } from '../principal/principal.ts';
import type { SallyportError } from '../errors/sallyport-error.ts';
import { OptionsError } from '../options/options-error.ts';
import {
  algorithmsOf,
  requireCompactJws,
  requireSoundTimes,
  toTokenError,
  type SignatureAlgorithm,
} from './token-rules.ts';

export interface TokenVerifierOptions {
  /** `<publicUrl>/internal`. */
  readonly issuer: string;
  /** The name of this service or zone, as its route in the gateway names it. */
  readonly audience: string;
  readonly keys: KeySource;
  /**
   * Each key is bound to the one algorithm that it is published with. Not to be given with a shared secret, which has one
   * only: HS256. @default ['ES256', 'EdDSA', 'RS256']
   */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** @default 5 */
  readonly clockToleranceSeconds?: number;
  /** How many verified tokens are remembered; 0 verifies each token each time. @default 10000 */
  readonly cacheSize?: number;
  /**
   * Why a token that holds is refused all the same, such as because its session has ended since. Asked about every token
   * every time, so it must answer at once. `issuedAt` is in seconds since 1970.
   */
  readonly objectTo?: (principal: Principal, issuedAt: number) => SallyportError | undefined;
  readonly now?: () => Date;
}

/** Resolves to the caller, or rejects with `SP_TOKEN_EXPIRED`, `SP_TOKEN_INVALID`, `SP_KEYS_UNAVAILABLE`, or an objection. */
export type VerifyToken = (token: string) => Promise<Principal>;

/** The check, and what it needs besides tokens. */
export interface TokenVerifier {
  readonly verify: VerifyToken;
  /** The caller of a token that was verified before and still holds, without waiting; otherwise `undefined`. */
  readonly recall: (token: string) => Principal | undefined;
  /**
   * The same for the value of an `Authorization` header, `Bearer` and all; `undefined` also where it is spelled otherwise
   * than most clients do. For the path of every request: the header is compared as it came, and not taken apart.
   */
  readonly recallHeader?: (authorization: string) => Principal | undefined;
  /** Verifies every token anew from now on: a key may have been withdrawn. */
  readonly forgetAll?: () => void;
}

interface RememberedToken {
  /** `Bearer <token>`, as a request presents it. */
  readonly authorization: string;
  readonly principal: Principal;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const bearerPrefix = 'Bearer ';

/**
 * Tokens are remembered by the end of their signature: to hash a whole token costs more than all the rest of a look-up. The
 * end is no proof of the rest, so that the whole text is compared as well.
 */
const rememberedCharacters = 32;

/**
 * Builds the check that a service runs on every bearer token.
 *
 * Signature, algorithm, issuer, audience, expiry, `typ` and every claim's type are always checked: no option skips one.
 * A token has one spelling, and lives for an hour at most.
 * A token that was verified once is remembered until it expires: by its signature, and compared as a whole.
 *
 * A verifier with public keys never accepts HS256, and one with a shared secret accepts nothing else.
 *
 * @throws OptionsError when issuer or audience is empty, or an algorithm does not go with the kind of keys.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068#section-4 RFC 9068, section 4}
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, keys, clockToleranceSeconds = 5 } = options;
  const algorithms = algorithmsOf(options);
  const { cacheSize = 10_000, objectTo } = options;
  const now = options.now ?? (() => new Date());
  const milliseconds = options.now === undefined ? () => Date.now() : () => now().getTime();
  if (issuer === '' || audience === '') throw new OptionsError('a token verifier needs an issuer and an audience');
  const remembered = createLeastRecentlyUsed<RememberedToken>(cacheSize);
  let forgotten = 0;

  const findHeader = (authorization: string): RememberedToken | undefined => {
    const key = authorization.slice(-rememberedCharacters);
    const known = remembered.get(key);
    if (known === undefined || known.authorization !== authorization) return undefined;
    if (milliseconds() < known.expiresAt) return known;
    remembered.delete(key);
    return undefined;
  };
  const find = (token: string): RememberedToken | undefined => findHeader(bearerPrefix + token);

  const recallHeader = (authorization: string): Principal | undefined => {
    const known = findHeader(authorization);
    if (known === undefined || objectTo?.(known.principal, known.issuedAt) !== undefined) return undefined;
    return known.principal;
  };
  const recall = (token: string): Principal | undefined => recallHeader(bearerPrefix + token);

  const verify: VerifyToken = async (token) => {
    const known = find(token) ?? (await check(token));
    const objection = objectTo?.(known.principal, known.issuedAt);
    if (objection !== undefined) throw objection;
    return known.principal;
  };

  const check = async (token: string): Promise<RememberedToken> => {
    requireCompactJws(token);
    const at = now();
    const begun = forgotten;
    try {
      const { payload } = await jwtVerify(token, keys.getKey, {
        issuer,
        audience,
        typ: internalTokenType,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        currentDate: at,
        requiredClaims: ['exp', 'iat', 'sub', 'jti'],
      });
      const claims = internalTokenClaimsSchema.parse(payload);
      requireSoundTimes(claims, at);
      const expiresAt = (claims.exp + clockToleranceSeconds) * 1000;
      const authorization = bearerPrefix + token;
      const entry = { authorization, principal: toPrincipal(claims), issuedAt: claims.iat, expiresAt };
      // What was found out before everything was forgotten is not remembered after it.
      if (begun === forgotten && cacheSize > 0) remembered.set(token.slice(-rememberedCharacters), entry);
      return entry;
    } catch (error) {
      throw toTokenError(error);
    }
  };
  const forgetAll = (): void => {
    forgotten += 1;
    remembered.clear();
  };
  return { verify, recall, recallHeader, forgetAll };
}
