import type { JSONWebKeySet } from 'jose';

/** What a key signs. A key of one use never signs for another. */
export type KeyUse = 'internal' | 'oidc' | 'client' | 'logout';

/** Where a key stands in its life: announced, signing, or verifying what it signed. */
export type KeyState = 'next' | 'current' | 'retiring';

/** A key at rest. The private part is sealed; at most one key per use is `current`. */
export interface KeyRingEntry {
  readonly kid: string;
  readonly use: KeyUse;
  readonly alg: 'ES256' | 'EdDSA' | 'RS256';
  readonly state: KeyState;
  readonly signFrom: Date;
  readonly verifyUntil: Date;
  readonly publicJwk: string;
  readonly sealedPrivate: string;
}

/** Keys ready for use, in memory. */
export interface KeyRing {
  /** Signs a compact JWS with the current key, at once and without waiting. `kid` and `alg` are added to the header. */
  sign(use: KeyUse, type: string, claims: object): string;
  /** The public keys that verifiers must know: next, current and retiring. */
  publicKeys(use: KeyUse): JSONWebKeySet;
  /** How many signatures were made since the start. */
  readonly signatureCount: number;
}
