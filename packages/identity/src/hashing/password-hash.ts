/** What a stored hash says about how it was made. */
export type PasswordHash =
  | ({ readonly scheme: 'argon2id' } & Argon2Cost)
  | {
      readonly scheme: 'bcrypt';
      readonly cost: number;
      /** The hash in the one form that is verified: `$2b$`, without stray bits. */
      readonly canonical: string;
    };

/** What a hash of argon2id costs: memory in KiB, passes over it, and lanes. */
export interface Argon2Cost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** OWASP's second recommended setting of argon2id: 19 MiB, two passes, one lane. */
export const argon2Cost: Argon2Cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Each step doubles the time; 15 takes seconds, and 31 days. */
export const maximumBcryptCost = 15;
/** In KiB: hashes of this size run side by side. */
const maximumMemoryCost = 262_144;
/** Memory times passes: about 50 times what hashes of ours cost. */
const maximumWork = 2_097_152;
const maximumParallelism = 16;

const bcryptPattern = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{21})([./A-Za-z0-9])([./A-Za-z0-9]{30})([./A-Za-z0-9])$/;
const bcryptAlphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const argon2Pattern =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,7}),t=([1-9]\d{0,3}),p=([1-9]\d{0,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,172}$/;

/**
 * Reads a hash of a scheme that is verified: argon2id in the PHC form, or bcrypt as `$2a$`, `$2b$` or `$2y$`, of a cost
 * that does not stop the process. `$2x$` stands for hashes of a faulty program and is not among them.
 *
 * @returns `undefined` for everything else.
 */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  return parseBcrypt(text) ?? parseArgon2(text);
}

/** Says why a hash cannot be imported; `undefined` when it can. The hash is not in the sentence. */
export function problemOfPasswordHash(text: string): string | undefined {
  if (parsePasswordHash(text) !== undefined) return undefined;
  if (bcryptPattern.test(text)) return `has a bcrypt cost outside 4 to ${maximumBcryptCost}`;
  if (argon2Pattern.test(text)) return 'asks for more memory or time than a sign-in may cost';
  return 'is neither a bcrypt hash ($2a$, $2b$ or $2y$) nor an argon2id hash (PHC form, version 19)';
}

/** Says whether a hash is weaker than those that are made now, at this cost. */
export function isOutdatedHash(hash: PasswordHash, cost: Argon2Cost): boolean {
  if (hash.scheme === 'bcrypt') return true;
  return hash.memoryCost * hash.timeCost < cost.memoryCost * cost.timeCost;
}

function parseBcrypt(text: string): PasswordHash | undefined {
  const match = bcryptPattern.exec(text);
  const cost = Number(match?.[1]);
  if (match === null || cost < 4 || cost > maximumBcryptCost) return undefined;
  const [, costText = '', salt = '', saltEnd = '', sum = '', sumEnd = ''] = match;
  // The letter names the program that made the hash; `$2b$` is read without the faults that programs had. The last
  // characters of salt and sum have bits to spare, which some programs set and none looks at but the one that compares.
  const canonical = `$2b$${costText}$${salt}${withBits(saltEnd, 0b110000)}${sum}${withBits(sumEnd, 0b111100)}`;
  return { scheme: 'bcrypt', cost, canonical };
}

function withBits(character: string, mask: number): string {
  return bcryptAlphabet.charAt(bcryptAlphabet.indexOf(character) & mask);
}

function parseArgon2(text: string): PasswordHash | undefined {
  const [memoryCost = 0, timeCost = 0, parallelism = 0] = argon2Pattern.exec(text)?.slice(1).map(Number) ?? [];
  const isSensible =
    memoryCost >= 8 * parallelism &&
    memoryCost <= maximumMemoryCost &&
    memoryCost * timeCost <= maximumWork &&
    parallelism >= 1 &&
    parallelism <= maximumParallelism;
  return isSensible ? { scheme: 'argon2id', memoryCost, timeCost, parallelism } : undefined;
}
