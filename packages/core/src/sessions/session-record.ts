import type { AssuranceLevel, CredentialKind } from '../principal/principal.ts';

/** Every reason why a session may have ended. */
export const revocationReasons = [
  'signed-out',
  'signed-out-elsewhere',
  'signed-out-everywhere',
  'replaced-by-sign-in',
  'session-limit',
  'password-changed',
  'roles-changed',
  'second-factor-changed',
  'refresh-token-reused',
  'banned',
  'administrator',
  'stores-restored',
  'provider-signed-out',
] as const;

/** Why a session ended. */
export type RevocationReason = (typeof revocationReasons)[number];

/** The browser or program behind a session, for the page on which people look at their own sessions. */
export interface SessionDevice {
  readonly label: string;
  readonly userAgent: string;
  readonly address: string;
}

/** The identity provider that a session was begun with. */
export interface SessionProvider {
  /** Its name in the configuration, such as `google`. */
  readonly id: string;
  /** `iss` of its ID token. */
  readonly issuer: string;
  /** `sid` of its ID token, where it has sessions that it can end (OIDC Back-Channel Logout 1.0). */
  readonly sid?: string;
  /**
   * When its answer came, in milliseconds since 1970: before the session where a second factor was asked for. What the
   * provider ends later than that it ends. Absent of sessions of older versions.
   */
  readonly signedInAt?: number;
}

/**
 * The authoritative record of a sign-in: of a browser, or of a program that holds a family of refresh tokens. The token
 * itself is in none of its fields: only an HMAC of it is.
 * A revoked record stays as a tombstone until its absolute expiry, so that a revoked session cannot come back.
 */
export interface SessionRecord {
  /** Public handle. */
  readonly sid: string;
  readonly tokenHash: string;
  readonly subject: string;
  /** Grows with every change of authority; every write is compare-and-set on it. */
  readonly generation: number;
  readonly acr: AssuranceLevel;
  readonly amr: readonly string[];
  readonly authTime: Date;
  readonly createdAt: Date;
  readonly lastActiveAt: Date;
  readonly idleExpiresAt: Date;
  readonly absoluteExpiresAt: Date;
  readonly org?: string;
  readonly actor?: string;
  /** What it is presented as, where that is no cookie: then no cookie opens it. @default 'session' */
  readonly credential?: Extract<CredentialKind, 'bearer'>;
  /** Absent where the sign-in did not come from an identity provider. */
  readonly provider?: SessionProvider;
  readonly device: SessionDevice;
  readonly revokedAt?: Date;
  readonly revokedBecause?: RevocationReason;
}

/** Says whether a session may still be used at a time. */
export function isSessionLive(record: SessionRecord, at: Date): boolean {
  return (
    record.revokedAt === undefined &&
    at.getTime() < record.idleExpiresAt.getTime() &&
    at.getTime() < record.absoluteExpiresAt.getTime()
  );
}
