import type { JsonWebKeySet } from './json-web-keys.ts';
import type { KeySource } from './key-source.ts';

/** What a key signs. A key of one use never signs for another. */
export type KeyUse = 'internal' | 'oidc' | 'client' | 'logout';

/** Where a key stands in its life: announced, signing, or verifying what it signed. */
export type KeyState = 'next' | 'current' | 'retiring';

/** With what keys are made to sign. All of them are asymmetric: a verifier cannot sign. */
export const keyAlgorithms = ['ES256', 'EdDSA', 'RS256'] as const;

/** How a key signs; `EdDSA` stands for Ed25519 (RFC 8037, section 3.1). */
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

/** A key at rest. The private part is sealed; at most one key per use is `current`, and at most one is `next`. */
export interface KeyRingEntry {
  readonly kid: string;
  readonly use: KeyUse;
  readonly alg: KeyAlgorithm;
  readonly state: KeyState;
  /** Since when it signs; of a `next` key, from when on it may: every verifier knows it by then. */
  readonly signFrom: Date;
  /** Until when verifiers must know it; of a key that is not retiring, when that will be without an intervention. */
  readonly verifyUntil: Date;
  readonly publicJwk: string;
  readonly sealedPrivate: string;
}

/** What a ring signs with when it has no key pairs. */
export interface SharedSecretUse {
  /** Ids of the secrets: the first one signs, all verify. */
  readonly kids: readonly string[];
  /** Verifies what the ring signed. */
  readonly keySource: KeySource;
}

/** The key that signs for one use, for a library that writes the JWS itself. */
export interface KeySigner {
  readonly kid: string;
  readonly alg: KeyAlgorithm;
  /**
   * Signs the input of a JWS (RFC 7515, section 5.1).
   *
   * @throws SallyportError `SP_KEYS_UNAVAILABLE` once another key signs, or when that is not known any more.
   */
  sign(input: Uint8Array): Uint8Array;
}

/** Keys ready for use, in memory. */
export interface KeyRing {
  /**
   * Signs a compact JWS with the current key, at once and without waiting. `kid` and `alg` are added to the header.
   *
   * @throws SallyportError `SP_KEYS_UNAVAILABLE` when it is not known any more whether others retired that key.
   */
  sign(use: KeyUse, type: string, claims: object): string;
  /** The public keys that verifiers must know: next, current and retiring. None where a shared secret signs. */
  publicKeys(use: KeyUse): JsonWebKeySet;
  /** How many signatures were made since the start. */
  readonly signatureCount: number;
  /** How long verifiers may keep the public keys; a new key is published for longer than this. @default 300 */
  readonly maxAgeSeconds?: number;
  /** Present where a shared secret signs instead of key pairs: then nothing is published. */
  readonly sharedSecret?: SharedSecretUse;
}

/** Keys that are rotated in a database that others share. */
export interface RotatingKeyRing extends KeyRing {
  readonly maxAgeSeconds: number;
  /**
   * The key that signs now, to be asked for anew for each signature or so: it stops signing when another one takes its place.
   *
   * @throws SallyportError `SP_KEYS_UNAVAILABLE`, as `sign` does.
   */
  signer(use: KeyUse): KeySigner;
  /**
   * Keeps to the schedule from now on, and follows what other processes do. Without it the ring stays as it was opened,
   * which is for processes that live for a moment.
   */
  start(): Promise<void>;
  /** Every key as it is stored, or rejects with `SP_STORE_UNAVAILABLE`. */
  list(): Promise<readonly KeyRingEntry[]>;
  /**
   * Lets the current key give way as soon as verifiers know the next one, or at once.
   *
   * @returns whether another key signs now, or rejects with `SP_STORE_UNAVAILABLE`.
   */
  rotate(use: KeyUse, when: 'when-known' | 'now'): Promise<boolean>;
  /**
   * Takes a key away in an emergency: nothing that it signed is accepted any more where the event arrives.
   *
   * @returns the key, and whether the event was published. Rejects with `SP_NOT_FOUND` or `SP_STORE_UNAVAILABLE`.
   */
  withdraw(kid: string): Promise<{ readonly key: KeyRingEntry; readonly isAnnounced: boolean }>;
  /** Ends the schedule and the subscription to the bus. */
  close(): void;
}
