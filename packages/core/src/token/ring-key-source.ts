import type { KeyRing, KeyUse } from './key-ring.ts';
import { createLocalKeySource, type KeySource } from './key-source.ts';

/** The public keys of one use of a ring, as they are at each look: imported once per set. */
export function createRingKeySource(keyRing: Pick<KeyRing, 'publicKeys'>, use: KeyUse): KeySource {
  let importedIds = '';
  let imported: KeySource | undefined;
  return {
    getKey: (header, token) => {
      const set = keyRing.publicKeys(use);
      const ids = set.keys.map((key) => key.kid ?? '').join(' ');
      if (imported === undefined || ids !== importedIds) {
        imported = createLocalKeySource(set);
        importedIds = ids;
      }
      return imported.getKey(header, token);
    },
  };
}
