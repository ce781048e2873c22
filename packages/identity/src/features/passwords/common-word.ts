/** What stands for a letter in passwords. What is written as `1` may be either of two, so those are one. */
const lookAlikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'l',
  i: 'l',
};

/** Writes words that look alike in one way: `p4$$w0rd` is `password`, and `w1n` is `win`. The text is in lower case. */
export function spellOut(text: string): string {
  return text.replace(/[013457@$!i]/g, (character) => lookAlikes[character] ?? character);
}

/** Seeds of two hashes that do not follow from each other. */
const seeds = [0x9747_b28c, 0x3c6e_f372] as const;

/** Two hashes of a text that grows, of 32 bits each. */
export interface WordHash {
  /** Takes one more code unit, and leaves both hashes of the text so far in `upper` and `lower`. */
  add(codeUnit: number): void;
  upper: number;
  lower: number;
}

/**
 * Hashes a word in both ways while it grows, as MurmurHash3 does with blocks of 32 bits (a block is one code unit here). It
 * spreads well and is no secret: the list that it is compared with is public.
 */
export function createWordHash(): WordHash {
  let [first, second]: [number, number] = [...seeds];
  let length = 0;
  const hash: WordHash = {
    upper: 0,
    lower: 0,
    add(codeUnit) {
      length += 1;
      first = mixIn(first, codeUnit);
      second = mixIn(second, codeUnit);
      hash.upper = finish(first ^ length);
      hash.lower = finish(second ^ length);
    },
  };
  return hash;
}

function mixIn(state: number, block: number): number {
  const scrambled = Math.imul(rotate(Math.imul(block, 0xcc9e_2d51), 15), 0x1b87_3593);
  return (Math.imul(rotate(state ^ scrambled, 13), 5) + 0xe654_6b64) | 0;
}

function finish(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
