import { errors, jwtVerify } from 'jose';
import { createLeastRecentlyUsed } from '../caching/least-recently-used.ts';
import { internalTokenClaimsSchema, internalTokenType, maximumTokenLength, toPrincipal } from './internal-token.ts';
import { keyAlgorithms } from './key-ring.ts';
import type { KeySource } from './key-source.ts';
import type { Principal } from '../principal/principal.ts';
import { SallyportError } from '../errors/sallyport-error.ts';
import { sharedSecretAlgorithm } from './shared-secret.ts';
import { OptionsError } from '../options/options-error.ts';

/** Algorithms that a verifier accepts from asymmetric keys. */
export type SignatureAlgorithm = 'ES256' | 'EdDSA' | 'Ed25519' | 'RS256';

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

/** Everything that public keys may be used with. */
const asymmetricAlgorithms: readonly unknown[] = [...keyAlgorithms, 'Ed25519'] satisfies readonly SignatureAlgorithm[];

/** How far the clock of a gateway may be ahead. Beyond that its tokens would outlive by too much what they were made for. */
const maximumLeadSeconds = 60;

/** Longer than any token of a gateway lives, which is 300 seconds at most. */
const maximumLifetimeSeconds = 3600;

const compactJws = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Ends of base64url that stand for the same bytes as another one: bits of no byte are not zero (RFC 4648, section 3.5). */
const secondSpelling = /^(?:.{4})*(?:.|.[^AQgw]|..[^AEIMQUYcgkosw048])$/;

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
    // Cheap refusals first: a flood of rubbish must not cost a signature check each.
    if (token.length > maximumTokenLength) throw new SallyportError('SP_TOKEN_INVALID', { reason: 'too-long' });
    if (!compactJws.test(token)) throw new SallyportError('SP_TOKEN_INVALID', { reason: 'not-a-compact-jws' });
    if (token.split('.').some((part) => secondSpelling.test(part)))
      throw new SallyportError('SP_TOKEN_INVALID', { reason: 'not-canonical' });
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
      if (claims.iat > at.getTime() / 1000 + maximumLeadSeconds) {
        throw new SallyportError('SP_TOKEN_INVALID', { reason: 'made-in-the-future' });
      }
      if (claims.exp - claims.iat > maximumLifetimeSeconds) {
        throw new SallyportError('SP_TOKEN_INVALID', { reason: 'lives-too-long' });
      }
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

/** Decided once and for all by what the keys are, never by what a token says. */
function algorithmsOf({ keys: { kind = 'public-keys' }, algorithms }: TokenVerifierOptions): string[] {
  if (kind === 'shared-secret') {
    if (algorithms !== undefined) throw new OptionsError('a shared secret has one algorithm only: name none');
    return [sharedSecretAlgorithm];
  }
  const chosen = [...(algorithms ?? keyAlgorithms)];
  if (chosen.length === 0 || !chosen.every((one) => asymmetricAlgorithms.includes(one)))
    throw new OptionsError('public keys go with ES256, EdDSA, Ed25519 and RS256 only');
  return chosen;
}

/**
 * The cause is not kept: an error of jose holds the whole claim set, name and email address included, and would carry it
 * into a log. What is passed on is the code and a reason; the usual mistakes of set-up have a reason of their own.
 */
function toTokenError(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  if (error instanceof errors.JWTExpired) return new SallyportError('SP_TOKEN_EXPIRED', { reason: 'out-of-date' });
  if (error instanceof errors.JOSEAlgNotAllowed)
    return new SallyportError('SP_TOKEN_INVALID', { reason: 'algorithm-not-accepted' });
  const claim = error instanceof errors.JWTClaimValidationFailed ? error.claim : undefined;
  if (claim === 'aud') return new SallyportError('SP_TOKEN_INVALID', { reason: 'made-for-another-audience' });
  if (claim === 'iss') return new SallyportError('SP_TOKEN_INVALID', { reason: 'made-by-another-issuer' });
  return new SallyportError('SP_TOKEN_INVALID', { reason: 'not-a-token-of-the-gateway' });
}
