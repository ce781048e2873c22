import type { RevocationReason, SessionRecord } from './session-record.ts';

/** What became of a compare-and-set write. */
export type SessionWrite =
  | { readonly kind: 'written'; readonly record: SessionRecord }
  /** Another writer was first: read again. */
  | { readonly kind: 'stale' }
  /** The session is revoked: nothing was written, and nothing ever will be. */
  | { readonly kind: 'revoked' }
  | { readonly kind: 'unknown' };

/** The fields that may change while a session lives. `null` takes the organization away. */
export type SessionChange = Partial<Pick<SessionRecord, 'tokenHash' | 'acr' | 'amr' | 'authTime' | 'actor'>> & {
  readonly org?: string | null;
};

/** The record with a change made to it; its generation is for the store to raise. */
export function applySessionChange(record: SessionRecord, { org, ...change }: SessionChange): SessionRecord {
  const { org: before, ...rest } = record;
  const after = org === undefined ? before : (org ?? undefined);
  return { ...rest, ...change, ...(after === undefined ? {} : { org: after }) };
}

/**
 * Where session records live. Every method rejects with `SP_STORE_UNAVAILABLE` when the store does not answer,
 * and never reports a success that was not durable.
 */
export interface SessionStore {
  /** Stores a new record. Rejects when the sid or the token hash exists. */
  create(record: SessionRecord): Promise<void>;
  /** Finds a record, revoked or expired ones included, by any of the hashes (one per secret version). */
  findByTokenHash(tokenHashes: readonly string[]): Promise<SessionRecord | null>;
  findBySid(sid: string): Promise<SessionRecord | null>;
  /** The sessions of a user that live at a time, most recently active first. */
  listLive(subject: string, at: Date): Promise<readonly SessionRecord[]>;
  /** Changes authority: compare-and-set on the generation, which grows by one. */
  change(sid: string, expectedGeneration: number, change: SessionChange): Promise<SessionWrite>;
  /** Notes activity. Does not change the generation, never revives a revoked session, never moves time backwards. */
  recordActivity(sid: string, lastActiveAt: Date, idleExpiresAt: Date): Promise<void>;
  /** Revokes one session of this subject. Resolves to `true` for exactly one caller; `false` when unknown, another subject's, or revoked before. */
  revoke(sid: string, subject: string, reason: RevocationReason, at: Date): Promise<boolean>;
  /** Revokes every live session of a subject, also those created while this runs, and resolves to their sids. */
  revokeAll(subject: string, reason: RevocationReason, at: Date, except?: string): Promise<readonly string[]>;
  /** Deletes records whose absolute expiry has passed, and resolves to their number. */
  deleteExpired(at: Date): Promise<number>;
}
