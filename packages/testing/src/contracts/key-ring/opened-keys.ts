import type { InvalidationBus, KeyAlgorithm, KeyRing, KeyRingEntry, KeyUse, RotatingKeyRing } from '@sallyport/core';
import { decodeProtectedHeader } from 'jose';
import type { StoreProcessOptions } from '../store-process.ts';

/** How a ring is opened in a contract test. */
export interface OpenRingOptions {
  readonly uses?: readonly KeyUse[];
  /** The root secret under which keys are sealed; another one stands for a secret that was lost. @default 'first' */
  readonly secret?: 'first' | 'second';
  readonly now?: () => Date;
  readonly algorithm?: KeyAlgorithm;
  readonly rotationDays?: number;
  readonly bus?: InvalidationBus;
}

/** An empty place for keys under test. */
export interface KeyRingFixture {
  openRing(options?: OpenRingOptions): Promise<RotatingKeyRing>;
  /** Reads what is stored, as a reader of the database would. */
  readRows(): Promise<readonly KeyRingEntry[]>;
  /** Writes a column, as a writer to the database would; `slot` follows the state. */
  changeRow(kid: string, change: Partial<KeyRingEntry>): Promise<void>;
  /** Removes every key. */
  removeRows(): Promise<void>;
  /** Makes the store unable to do its work, as an outage would. */
  breakDown(): void | Promise<void>;
  close(): void | Promise<void>;
  /** How other processes open the same data. Their `openSubject` resolves to `{ readKid(use), start() }`. */
  readonly processes?: StoreProcessOptions;
}

/** What the cases of every subject work on; each case finds a place without keys. */
export interface OpenedKeys {
  /** Of the case that runs. */
  readonly fixture: () => KeyRingFixture;
  /** Makes the current key into one that is not current any more, so that the next ring makes another. */
  readonly retireCurrentKey: (change: Partial<KeyRingEntry>) => Promise<string>;
}

export const day = 86_400_000;

export const kidsOf = (ring: KeyRing, use: KeyUse = 'internal'): readonly (string | undefined)[] =>
  ring.publicKeys(use).keys.map(({ kid }) => kid);

export const signerOf = (ring: KeyRing): string | undefined =>
  decodeProtectedHeader(ring.sign('internal', 'at+jwt', {})).kid;
