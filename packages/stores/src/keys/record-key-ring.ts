import { recordModels, SallyportError, type KeyRing, type KeyUse, type Records, type Sealer } from '@sallyport/core';
import type { Row } from '../records/row.ts';
import { withStoreErrors } from '../records/store-error.ts';
import { toKeyRingEntry, toKeyRow } from './key-table.ts';
import { makeSigningKey, openSigningKey, signCompact, type SigningKey } from './signing-key.ts';

export interface KeyRingOptions {
  readonly records: Records;
  /** The sealer of a purpose of its own, such as `key-ring`. */
  readonly sealer: Sealer;
  /** The uses for which a key is made when there is none. @default ['internal'] */
  readonly uses?: readonly KeyUse[];
  /** How long a new key is meant to sign. @default 90 */
  readonly rotationDays?: number;
  readonly now?: () => Date;
}

/** The most keys that are read; a ring holds a handful. */
const maximumKeys = 1000;

/** How long tokens outlive the last signature of a key, with ample room. */
const verifyAfterRotationDays = 1;

const millisecondsPerDay = 86_400_000;

/**
 * Opens the signing keys of a database, and makes one for each use that has none.
 *
 * At most one key per use is current: a unique column sees to it, so that processes that start at once end up with the
 * same key. Only the current key signs; next, current and retiring keys verify. A public key is published only when its
 * private part opens under the root secret, so that a row that somebody else wrote adds no key.
 *
 * @returns the ring, or rejects with `SP_STORE_UNAVAILABLE`, or with an Error that says what to do when a key cannot be
 *   opened.
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { sealer, uses = ['internal'], rotationDays = 90 } = options;
  const now = options.now ?? (() => new Date());
  if (!(rotationDays > 0)) throw new TypeError('rotationDays must be a positive number');
  const records = withStoreErrors(options.records);

  for (const use of uses) await requireCurrentKey(records, sealer, use, now(), rotationDays);
  const keys = await loadKeys(records, sealer, now());
  return createKeyRing(keys, now);
}

async function requireCurrentKey(
  records: Records,
  sealer: Sealer,
  use: KeyUse,
  signFrom: Date,
  rotationDays: number,
): Promise<void> {
  const where = [{ field: 'slot', value: `${use}:current` }];
  if ((await records.findOne({ model: recordModels.key, where })) !== null) return;
  const lifetimeDays = rotationDays + verifyAfterRotationDays;
  const verifyUntil = new Date(signFrom.getTime() + lifetimeDays * millisecondsPerDay);
  const entry = makeSigningKey({ use, signFrom, verifyUntil }, sealer);
  try {
    await records.create({ model: recordModels.key, data: toKeyRow(entry) });
  } catch (error) {
    // Another process was first: its key is as good as ours.
    if (!(error instanceof SallyportError && error.code === 'SP_CONFLICT')) throw error;
  }
}

async function loadKeys(records: Records, sealer: Sealer, at: Date): Promise<readonly SigningKey[]> {
  const rows = await records.findMany<Row>({ model: recordModels.key, limit: maximumKeys });
  return rows
    .map(toKeyRingEntry)
    .filter((entry) => entry.state !== 'retiring' || at < entry.verifyUntil)
    .map((entry) => openSigningKey(entry, sealer));
}

function createKeyRing(keys: readonly SigningKey[], now: () => Date): KeyRing {
  const current = new Map<KeyUse, SigningKey>();
  for (const key of keys) if (key.entry.state === 'current') current.set(key.entry.use, key);
  let signatureCount = 0;

  return {
    sign: (use, type, claims) => {
      const key = current.get(use);
      if (key === undefined) throw new TypeError(`the key ring was opened without a key for "${use}"`);
      signatureCount += 1;
      return signCompact(key, type, claims);
    },
    publicKeys: (use) => {
      const at = now();
      const known = keys.filter(
        ({ entry }) => entry.use === use && (entry.state !== 'retiring' || at < entry.verifyUntil),
      );
      return { keys: known.map(({ publicJwk }) => ({ ...publicJwk, kty: 'EC' })) };
    },
    get signatureCount() {
      return signatureCount;
    },
  };
}
