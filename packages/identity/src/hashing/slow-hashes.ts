import type { Records } from '@sallyport/core';
import {
  isOutdatedHash,
  maximumBcryptCost,
  parsePasswordHash,
  type Argon2Cost,
  type PasswordHash,
} from './password-hash.ts';

/**
 * Looks for hashes that take longer to verify than those that are made now, and says how long.
 *
 * An answer must not tell by its time that an account has such a hash, so that the floor of answers follows.
 */
export interface SlowHashes {
  /** Measures a hash that was met, once for each cost that there is. Returns at once. */
  note(hash: string): void;
  /** Measures the slowest bcrypt hash that is stored. Reads the whole table. Never rejects. */
  look(records: Records): Promise<void>;
}

export interface SlowHashesOptions {
  /** What hashes cost that are made now. */
  readonly cost: Argon2Cost;
  /** Verifies a password that is wrong, beside what waits. */
  readonly verify: (hash: string) => Promise<unknown>;
  readonly onMeasured: (milliseconds: number) => void;
  /** @default the clock of the process, in milliseconds */
  readonly clock?: (() => number) | undefined;
}

/** The least of so many is what the hash takes on this machine when it is idle. */
const tries = 3;
/** Each costs four bytes of memory and a measurement, and there are as many as people who imported. */
const maxCosts = 64;
const leastBcryptCost = 4;
const bcryptLetters = ['a', 'b', 'y'] as const;

export function createSlowHashes(options: SlowHashesOptions): SlowHashes {
  const { cost, verify, onMeasured, clock = () => performance.now() } = options;
  const known = new Set<string>();

  const measure = async (hash: string): Promise<void> => {
    let least = Infinity;
    for (let count = 0; count < tries; count += 1) {
      const begun = clock();
      await verify(hash);
      least = Math.min(least, clock() - begun);
    }
    onMeasured(least);
  };

  const noteAndMeasure = async (text: string): Promise<void> => {
    const hash = parsePasswordHash(text);
    if (hash === undefined || isUsual(hash, cost)) return;
    const name = hash.scheme === 'bcrypt' ? `bcrypt ${hash.cost}` : `argon2id ${hash.memoryCost} ${hash.timeCost}`;
    if (known.has(name) || known.size >= maxCosts) return;
    known.add(name);
    try {
      await measure(text);
    } catch {
      // Too much is being hashed: the next sign-in with such a hash tries again.
      known.delete(name);
    }
  };

  return {
    note: (hash) => void noteAndMeasure(hash),
    async look(records) {
      try {
        const slowest = await findSlowestBcrypt(records);
        if (slowest !== null) await noteAndMeasure(slowest);
      } catch {
        // The store does not answer: readiness says so, and the next start looks again.
      }
    },
  };
}

/** Made now, or lighter: within what the floor was chosen for. */
function isUsual(hash: PasswordHash, cost: Argon2Cost): boolean {
  if (hash.scheme === 'bcrypt') return false;
  return isOutdatedHash(hash, cost) || hash.memoryCost * hash.timeCost === cost.memoryCost * cost.timeCost;
}

async function findSlowestBcrypt(records: Records): Promise<string | null> {
  if ((await findHash(records, '$2')) === null) return null;
  for (let cost = maximumBcryptCost; cost >= leastBcryptCost; cost -= 1) {
    for (const letter of bcryptLetters) {
      const found = await findHash(records, `$2${letter}$${String(cost).padStart(2, '0')}$`);
      if (found !== null) return found;
    }
  }
  return null;
}

async function findHash(records: Records, start: string): Promise<string | null> {
  const [row] = await records.findMany<{ readonly password: string }>({
    model: 'account',
    where: [{ field: 'password', operator: 'starts_with', value: start }],
    limit: 1,
  });
  return row?.password ?? null;
}
