const minimumLength = 32;
/** Least Shannon entropy of the whole value, in bits; a random value of 32 hexadecimal digits has about 115. */
const minimumEntropyBits = 96;
/** Words of values that were copied from an example. */
const placeholderWords = /change-?_?me|secret|password|example|placeholder|sallyport|qwerty/i;

/**
 * Says why a secret can be guessed, or `undefined` when nothing speaks against it. What is said ends a sentence that
 * begins with the name of the secret, and reveals nothing of its value.
 */
export function weaknessOfSecret(value: string): string | undefined {
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
