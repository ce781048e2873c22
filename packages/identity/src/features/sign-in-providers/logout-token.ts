import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload } from 'jose';
import { SallyportError } from '@sallyport/core';
import * as z from 'zod';
import { providerTimeoutSeconds, type ProviderFetch } from './provider-fetch.ts';
import { refuse } from './provider-refusal.ts';

/** What a logout token ends: sessions of an identity, or those of one session of the provider. */
export interface LogoutOrder {
  readonly issuer: string;
  readonly subject: string | undefined;
  readonly sid: string | undefined;
  /** Under which it is used up. */
  readonly jti: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** The issuer as its discovery document says. */
export interface LogoutIssuer {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly clientId: string;
}

/** How long a logout token may be on its way, with clocks that differ. */
const maxAgeSeconds = 5 * 60;
const clockToleranceSeconds = 30;
/** Between two fetches of keys because of a `kid` that is unknown. */
const keysFloorMilliseconds = 60_000;
const algorithms = [
  'RS256',
  'PS256',
  'ES256',
  'EdDSA',
  'Ed25519',
  'RS384',
  'RS512',
  'ES384',
  'ES512',
  'PS384',
  'PS512',
];
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
/** Section 2.4 recommends the first; many providers send the second, or none. */
const types = new Set([undefined, 'logout+jwt', 'jwt']);

const claimsSchema = z.object({
  iss: z.string(),
  iat: z.number(),
  exp: z.number(),
  jti: z.string().min(1).max(512),
  sub: z.string().min(1).max(255).optional(),
  sid: z.string().min(1).max(255).optional(),
  events: z.record(z.string(), z.unknown()),
});

/** Verifies logout tokens of one issuer, with its keys. */
export type VerifyLogoutToken = (token: string, issuer: LogoutIssuer) => Promise<LogoutOrder>;

/**
 * Builds the check of logout tokens: signature, `iss`, `aud`, `iat`, `exp`, the member of `events`, `sub` or `sid`, and no
 * `nonce`, so that no ID token passes for one. Rejects with `SP_LOGOUT_TOKEN_INVALID`, or `SP_PROVIDER_UNAVAILABLE` when
 * the keys cannot be fetched.
 *
 * @see {@link https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation OpenID Connect Back-Channel Logout 1.0, section 2.6}
 */
export function createLogoutTokenVerifier(fetchFrom: ProviderFetch, now: () => Date): VerifyLogoutToken {
  let keys: { readonly uri: string; readonly set: ReturnType<typeof createRemoteJWKSet> } | undefined;
  const keysOf = (uri: string) => {
    if (keys?.uri !== uri) {
      const options = {
        cooldownDuration: keysFloorMilliseconds,
        timeoutDuration: providerTimeoutSeconds * 1000,
        [customFetch]: (url: string, { method, headers }: { readonly method: 'GET'; readonly headers: Headers }) =>
          fetchFrom(url, { method, headers }),
      };
      keys = { uri, set: createRemoteJWKSet(new URL(uri), options) };
    }
    return keys.set;
  };

  return async (token, { issuer, jwksUri, clientId }) => {
    let verified;
    try {
      verified = await jwtVerify(token, keysOf(jwksUri), {
        issuer,
        audience: clientId,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        maxTokenAge: maxAgeSeconds,
        currentDate: now(),
        requiredClaims: ['iat', 'exp', 'jti', 'events'],
      });
    } catch (error) {
      throw toRefusal(error);
    }
    const type = verified.protectedHeader.typ?.toLowerCase().replace(/^application\//, '');
    if (!types.has(type)) throw invalid('type-wrong');
    return toOrder(verified.payload);
  };
}

function toOrder(payload: JWTPayload): LogoutOrder {
  if ('nonce' in payload) throw invalid('nonce-present');
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) throw invalid('claims-invalid');
  const { iss: issuer, iat, exp, jti, sub: subject, sid, events } = parsed.data;
  const event = events[logoutEvent];
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw invalid('event-missing');
  if (subject === undefined && sid === undefined) throw invalid('sub-and-sid-missing');
  return { issuer, subject, sid, jti, issuedAt: new Date(iat * 1000), expiresAt: new Date(exp * 1000) };
}

function toRefusal(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  if (error instanceof errors.JWKSTimeout) return refuse('provider-slow');
  if (error instanceof errors.JWTExpired) return invalid('expired');
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(`${error.claim}-wrong`);
  if (error instanceof errors.JWSSignatureVerificationFailed) return invalid('signature-wrong');
  if (error instanceof errors.JWKSNoMatchingKey) return invalid('key-unknown');
  if (error instanceof errors.JOSEAlgNotAllowed) return invalid('algorithm-refused');
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return invalid('not-a-token');
  // What is left is a key set that could not be read.
  return refuse('provider-failed');
}

/** A logout token that is refused, and why. */
export function invalid(reason: string): SallyportError {
  return new SallyportError('SP_LOGOUT_TOKEN_INVALID', { reason });
}
