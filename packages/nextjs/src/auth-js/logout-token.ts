import { createRemoteKeySource, SallyportError } from '@sallyport/core';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { LogoutTarget } from './logout-register.ts';
import type { FindProvider } from './provider-metadata.ts';
import { isRecord } from './shell-session.ts';

/** What a logout token says, once it was verified. */
export interface LogoutNotice {
  readonly target: LogoutTarget;
  /** To be used once. */
  readonly jti: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Verifies a logout token.
 *
 * @throws `SP_TOKEN_INVALID` with a reason for the log; `SP_KEYS_UNAVAILABLE` or `SP_SERVICE_UNAVAILABLE` when that cannot
 *   be found out.
 */
export type VerifyLogoutToken = (token: string) => Promise<LogoutNotice>;

export interface LogoutTokenOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly findProvider: FindProvider;
  readonly now?: () => Date;
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
/** Signatures with a key pair alone: a public key is never taken for a shared secret (RFC 8725, section 2.1). */
const algorithms = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'];
const maxTokenLength = 8192;
const maxIdLength = 255;
/** Clocks of two machines differ. */
const toleranceSeconds = 60;
/** How far ahead a token may end: its `jti` is remembered for so long. */
const maxLifetimeSeconds = 86_400;

/**
 * Builds the check of OpenID Connect Back-Channel Logout 1.0, section 2.6: type, signature, issuer, audience, times, the
 * logout event, no nonce, `jti`, and `sid` or `sub`. An ID token is no logout token, nor the other way round.
 */
export function createLogoutTokenVerifier(options: LogoutTokenOptions): VerifyLogoutToken {
  const { issuer, clientId, findProvider, now = () => new Date() } = options;
  let keys: { readonly url: string; readonly getKey: JWTVerifyGetKey } | undefined;
  const keysAt = (url: string): JWTVerifyGetKey => {
    if (keys?.url !== url) keys = { url, getKey: createRemoteKeySource({ url }).getKey };
    return keys.getKey;
  };

  return async (token) => {
    if (token.length > maxTokenLength) refuse('logout-token-too-long');
    const { jwksUri } = await findProvider();
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keysAt(jwksUri), {
        issuer,
        audience: clientId,
        typ: 'logout+jwt',
        algorithms,
        clockTolerance: toleranceSeconds,
        requiredClaims: ['iat', 'exp', 'jti', 'events'],
        currentDate: now(),
      }));
    } catch (cause) {
      if (cause instanceof SallyportError) throw cause;
      throw new SallyportError('SP_TOKEN_INVALID', { cause, reason: reasonOf(cause) });
    }
    return toNotice(payload, Math.floor(now().getTime() / 1000));
  };
}

function toNotice(payload: JWTPayload, now: number): LogoutNotice {
  const { events, iat = 0, exp = 0, jti, sub, sid } = payload;
  if (!isRecord(events) || !isRecord(events[logoutEvent])) refuse('logout-token-event');
  if (payload['nonce'] !== undefined) refuse('logout-token-nonce');
  if (iat > now + toleranceSeconds) refuse('logout-token-from-the-future');
  if (exp > now + maxLifetimeSeconds) refuse('logout-token-lifetime');
  if (!isId(jti)) refuse('logout-token-jti');
  if (sid !== undefined && !isId(sid)) refuse('logout-token-sid');
  if (sub !== undefined && !isId(sub)) refuse('logout-token-sub');
  const expiresAt = (exp + toleranceSeconds) * 1000;
  if (sid !== undefined) return { target: { sid }, jti, expiresAt };
  if (sub !== undefined) return { target: { subject: sub }, jti, expiresAt };
  return refuse('logout-token-names-nothing');
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxIdLength;
}

function reasonOf(cause: unknown): string {
  if (cause instanceof errors.JWTClaimValidationFailed) return `logout-token-${cause.claim}`;
  if (cause instanceof errors.JWTExpired) return 'logout-token-expired';
  if (cause instanceof errors.JOSEAlgNotAllowed) return 'logout-token-alg';
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'logout-token-signature';
  return 'logout-token-malformed';
}

function refuse(reason: string): never {
  throw new SallyportError('SP_TOKEN_INVALID', { reason });
}
