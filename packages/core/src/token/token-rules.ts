import { errors } from 'jose';
import { SallyportError } from '../errors/sallyport-error.ts';
import { OptionsError } from '../options/options-error.ts';
import { maximumTokenLength } from './internal-token.ts';
import { keyAlgorithms } from './key-ring.ts';
import type { KeySource } from './key-source.ts';
import { sharedSecretAlgorithm } from './shared-secret.ts';

/* What holds for every token of the gateway, whatever its type. */

/** Algorithms that a verifier accepts from asymmetric keys. */
export type SignatureAlgorithm = 'ES256' | 'EdDSA' | 'Ed25519' | 'RS256';

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
 * Decided once and for all by what the keys are, never by what a token says.
 *
 * @throws OptionsError when an algorithm does not go with the kind of keys.
 */
export function algorithmsOf({
  keys: { kind = 'public-keys' },
  algorithms,
}: {
  readonly keys: KeySource;
  readonly algorithms?: readonly SignatureAlgorithm[];
}): string[] {
  if (kind === 'shared-secret') {
    if (algorithms !== undefined) throw new OptionsError('a shared secret has one algorithm only: name none');
    return [sharedSecretAlgorithm];
  }
  const chosen = [...(algorithms ?? keyAlgorithms)];
  if (chosen.length === 0 || !chosen.every((one) => asymmetricAlgorithms.includes(one)))
    throw new OptionsError('public keys go with ES256, EdDSA, Ed25519 and RS256 only');
  return chosen;
}

/** Cheap refusals first: a flood of rubbish must not cost a signature check each. A token has one spelling. */
export function requireCompactJws(token: string): void {
  if (token.length > maximumTokenLength) throw new SallyportError('SP_TOKEN_INVALID', { reason: 'too-long' });
  if (!compactJws.test(token)) throw new SallyportError('SP_TOKEN_INVALID', { reason: 'not-a-compact-jws' });
  if (token.split('.').some((part) => secondSpelling.test(part)))
    throw new SallyportError('SP_TOKEN_INVALID', { reason: 'not-canonical' });
}

/** Refuses a token of the future, and one that lives for longer than an hour. Claims are in seconds since 1970. */
export function requireSoundTimes({ iat, exp }: { readonly iat: number; readonly exp: number }, now: Date): void {
  if (iat > now.getTime() / 1000 + maximumLeadSeconds) {
    throw new SallyportError('SP_TOKEN_INVALID', { reason: 'made-in-the-future' });
  }
  if (exp - iat > maximumLifetimeSeconds) {
    throw new SallyportError('SP_TOKEN_INVALID', { reason: 'lives-too-long' });
  }
}

/**
 * The cause is not kept: an error of jose holds the whole claim set, name and email address included, and would carry it
 * into a log. What is passed on is the code and a reason; the usual mistakes of set-up have a reason of their own.
 */
export function toTokenError(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  if (error instanceof errors.JWTExpired) return new SallyportError('SP_TOKEN_EXPIRED', { reason: 'out-of-date' });
  if (error instanceof errors.JOSEAlgNotAllowed)
    return new SallyportError('SP_TOKEN_INVALID', { reason: 'algorithm-not-accepted' });
  const claim = error instanceof errors.JWTClaimValidationFailed ? error.claim : undefined;
  if (claim === 'aud') return new SallyportError('SP_TOKEN_INVALID', { reason: 'made-for-another-audience' });
  if (claim === 'iss') return new SallyportError('SP_TOKEN_INVALID', { reason: 'made-by-another-issuer' });
  return new SallyportError('SP_TOKEN_INVALID', { reason: 'not-a-token-of-the-gateway' });
}
