import { SallyportError } from '@sallyport/core';
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2';
import { compare as bcryptCompare } from 'bcrypt';
import { argon2Cost, isOutdatedHash, parsePasswordHash } from './password-hash.ts';

/**
 * Hashes passwords, and checks them against hashes of any scheme that may be imported.
 * Both reject with `SP_TOO_MANY_ATTEMPTS` when too many are waiting for their turn.
 */
export interface PasswordHashing {
  hash(password: string): Promise<string>;
  /** `false` for a wrong password and for a hash that is damaged or of a scheme that is not known. */
  verify(hash: string, password: string): Promise<boolean>;
  /** Whether a hash that a password fits is to be replaced by one that is made now. */
  isOutdated(hash: string): boolean;
}

/** Whoever would wait for longer than some seconds is better told so at once. */
const maximumWaiting = 256;
const retryAfterSeconds = 5;

/**
 * Builds the hashing of passwords: argon2id, over the NFKC form, so that one password typed on two keyboards is one.
 *
 * @param concurrency how many hashes run at once; the others wait. A flood of sign-ins must not take every thread.
 */
export function createPasswordHashing(concurrency: number): PasswordHashing {
  const inTurn = createTurns(concurrency);
  return {
    hash: (password) => inTurn(() => argon2Hash(password.normalize('NFKC'), argon2Cost)),
    verify: (hash, password) => inTurn(() => verify(hash, password)),
    isOutdated(hash) {
      const parsed = parsePasswordHash(hash);
      return parsed !== undefined && isOutdatedHash(parsed);
    },
  };
}

async function verify(hash: string, password: string): Promise<boolean> {
  const parsed = parsePasswordHash(hash);
  if (parsed === undefined) return false;
  // As the old system did it: the bytes as they were typed, those after the 72nd without effect.
  if (parsed.scheme === 'bcrypt') return bcryptCompare(password, parsed.canonical);
  const normalized = password.normalize('NFKC');
  if (await argon2Verify(hash, normalized)) return true;
  // A hash that was imported may be over the form that was typed.
  return normalized !== password && argon2Verify(hash, password);
}

function createTurns(concurrency: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = concurrency;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else if (waiting.length >= maximumWaiting)
      throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'hashing-queue-full', retryAfterSeconds });
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
