import { randomBytes } from 'node:crypto';

/** One version of the root secret. */
export interface SecretVersion {
  readonly version: number;
  readonly value: string;
}

const minimumLength = 32;
/** Least Shannon entropy of the whole value, in bits; a random value of 32 hexadecimal digits has about 115. */
const minimumEntropyBits = 96;
/** Words of values that somebody copied out of an example. */
const placeholderWords = /change-?_?me|secret|password|example|placeholder|sallyport|qwerty/i;

/** Makes a value for a version of the root secret: 32 random bytes. */
export function generateRootSecret(): string {
  // One value in billions spells a word of an example.
  for (;;) {
    const value = randomBytes(32).toString('base64url');
    if (weaknessOf(value) === undefined) return value;
  }
}

/**
 * Reads the root secret: one value, or several versions `2:…,1:…`, the newest first.
 *
 * @param source - how messages name the secret, such as `SALLYPORT_SECRET`.
 * @param advice - what an operator should do when it cannot be used.
 * @throws Error that names every weak or misplaced version by its number and never by its value.
 */
export function parseSecretVersions(text: string, source: string, advice: string): readonly SecretVersion[] {
  const versions = readVersions(text.trim(), source, advice);
  const problems = versions.flatMap(({ version, value }) => {
    const weakness = weaknessOf(value);
    return weakness === undefined ? [] : [`version ${version} ${weakness}`];
  });
  const isDescending = versions.every(
    ({ version }, index) => index === 0 || version < (versions[index - 1]?.version ?? 0),
  );
  if (!isDescending) problems.push('the versions must be listed once each, the newest (highest number) first');
  if (problems.length === 0) return versions;
  throw new Error(`${source} cannot be used: ${problems.join('; ')}. ${advice}`);
}

function readVersions(text: string, source: string, advice: string): readonly SecretVersion[] {
  if (!/^\d+:/.test(text)) return [{ version: 1, value: text }];
  return text.split(',').map((part) => {
    const match = /^([1-9]\d{0,8}):(.*)$/s.exec(part.trim());
    if (match?.[1] === undefined || match[2] === undefined)
      throw new Error(`${source} cannot be used: a list of versions looks like 2:…,1:…. ${advice}`);
    return { version: Number(match[1]), value: match[2] };
  });
}

function weaknessOf(value: string): string | undefined {
  if (value.length < minimumLength) return `is shorter than ${minimumLength} characters`;
  if (placeholderWords.test(value)) return 'contains a word of an example';
  if (entropyBitsOf(value) < minimumEntropyBits || isRepetition(value) || isSequence(value))
    return 'can be guessed: it repeats itself';
  return undefined;
}

function entropyBitsOf(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / value.length);
  return bits;
}

function isRepetition(value: string): boolean {
  for (let period = 1; period <= value.length / 2; period += 1) {
    if (value.startsWith(value.slice(period))) return true;
  }
  return false;
}

function isSequence(value: string): boolean {
  let steps = 0;
  for (let index = 1; index < value.length; index += 1) {
    if (Math.abs(value.charCodeAt(index) - value.charCodeAt(index - 1)) <= 1) steps += 1;
  }
  return steps > value.length / 2;
}
