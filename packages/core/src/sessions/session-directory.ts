import type { UserPrincipal } from '../principal/principal.ts';

/** A session that may be used now, with everything the gateway needs to know of it. */
export interface LiveSession {
  readonly principal: UserPrincipal & { readonly sid: string };
  readonly idleExpiresAt: Date;
  readonly absoluteExpiresAt: Date;
  /** How far each request pushes `idleExpiresAt` out. */
  readonly idleSeconds: number;
}

/**
 * How the gateway finds out whose a session is. Reads the store; the gateway caches.
 * Resolves to `null` for a session that is unknown, expired or revoked, or whose user is banned or gone;
 * rejects with `SP_STORE_UNAVAILABLE` when that cannot be found out.
 */
export interface SessionDirectory {
  byToken(token: string): Promise<LiveSession | null>;
  bySid(sid: string): Promise<LiveSession | null>;
  /** Notes that the session was used, and moves its idle expiry. */
  recordActivity(sid: string, at: Date): Promise<void>;
}

const sessionTokenPattern = /^[A-Za-z0-9_-]{32,128}$/;

/** Says whether a cookie value can be a session token at all; what cannot is never looked up. */
export function isSessionToken(value: string): boolean {
  return sessionTokenPattern.test(value);
}
