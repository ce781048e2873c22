import { SallyportError } from '@sallyport/core';
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2';

/**
 * Hashes passwords, and checks them against hashes of any scheme that was ever used.
 * Both reject with `SP_TOO_MANY_ATTEMPTS` when too many are waiting for their turn.
 */
export interface PasswordHashing {
  hash(password: string): Promise<string>;
  /** `false` for a wrong password and for a hash of a scheme that is not known. */
  verify(hash: string, password: string): Promise<boolean>;
}

/** One way of hashing, known by how its hashes begin. */
interface HashScheme {
  readonly prefix: string;
  readonly verify: (hash: string, password: string) => Promise<boolean>;
}

/** OWASP's second recommended setting of argon2id: 19 MiB, two passes, one lane. */
const argon2Cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Whoever would wait for longer than some seconds is better told so at once. */
const maximumWaiting = 256;
const retryAfterSeconds = 5;

const schemes: readonly HashScheme[] = [{ prefix: '$argon2id$', verify: argon2Verify }];

/**
 * Builds the hashing of passwords: argon2id, over the NFKC form, so that one password typed on two keyboards is one.
 *
 * @param concurrency how many hashes run at once; the others wait. A flood of sign-ins must not take every thread.
 */
export function createPasswordHashing(concurrency: number): PasswordHashing {
  const inTurn = createTurns(concurrency);
  return {
    hash: (password) => inTurn(() => argon2Hash(password.normalize('NFKC'), argon2Cost)),
    verify: (hash, password) =>
      inTurn(async () => {
        const scheme = schemes.find(({ prefix }) => hash.startsWith(prefix));
        return scheme === undefined ? false : scheme.verify(hash, password.normalize('NFKC'));
      }),
  };
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
