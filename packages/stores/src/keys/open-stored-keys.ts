import type { KeyRingEntry, Records, Sealer } from '@sallyport/core';
import { withStoreErrors } from '../records/store-error.ts';
import { readKeys } from './key-rotation.ts';
import { openSigningKey, type SigningKey } from './signing-key.ts';

/**
 * Opens the keys that are in use at a moment: all of them but those that no verifier needs any more.
 *
 * @throws OptionsError that says what to do when one of them cannot be opened: no gateway starts then.
 */
export function openKeysInUse(rows: readonly KeyRingEntry[], sealer: Sealer, at: Date): readonly SigningKey[] {
  return (
    rows
      .filter(({ state, verifyUntil }) => state !== 'retiring' || at < verifyUntil)
      // In one order at every gateway: what they publish is compared.
      .toSorted((a, b) => (a.kid < b.kid ? -1 : 1))
      .map((entry) => openSigningKey(entry, sealer))
  );
}

/**
 * Opens the keys of a database that are in use, as the key ring does, and makes and changes none.
 *
 * @returns the keys, or rejects with `SP_STORE_UNAVAILABLE`, or with an OptionsError that says what to do when one of them
 *   cannot be opened.
 */
export async function openStoredKeys(records: Records, sealer: Sealer, at: Date): Promise<readonly SigningKey[]> {
  return openKeysInUse(await readKeys(withStoreErrors(records)), sealer, at);
}
