import { createWordHash, type WordHash } from './common-word.ts';

/** A set of hashed words as it ships: how many buckets there are, and the bytes of all of them in base64. */
export interface EncodedWordFilter {
  readonly buckets: number;
  readonly data: string;
}

/** Says which words a text is built of. */
export interface CommonWordFilter {
  has(word: string): boolean;
  /** Whether a word whose hash has been taken already is one. */
  hasHash(hash: Pick<WordHash, 'upper' | 'lower'>): boolean;
}

/** Bits of a word that are stored, besides its bucket: one in 65,536 other words is taken for one of the list. */
const remainderBytes = 2;

/**
 * Opens a set of hashed words in Elias–Fano form: sorted by bucket, of which there are as many as words, the number of words
 * in each bucket in unary (a one for each, then a zero), then 16 bits of each word. That takes 18 bits for a word.
 *
 * @see `tools/common-passwords/encode-word-filter.ts`, which writes it.
 */
export function openCommonWordFilter({ buckets, data }: EncodedWordFilter): CommonWordFilter {
  const bytes = Buffer.from(data, 'base64');
  const starts = new Uint32Array(buckets + 1);
  let [bucket, words, bit] = [0, 0, 0];
  for (; bucket < buckets; bit += 1) {
    if (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) words += 1;
    else starts[(bucket += 1)] = words;
  }
  const remainders = bytes.subarray(Math.ceil(bit / 8));
  if (words !== buckets || remainders.length !== words * remainderBytes)
    throw new TypeError('the filter of common passwords is not whole');

  const hasHash: CommonWordFilter['hasHash'] = ({ upper, lower }) => {
    const place = bucketOf(upper, buckets);
    const wanted = lower & 0xffff;
    const end = starts[place + 1] ?? 0;
    for (let index = starts[place] ?? 0; index < end; index += 1)
      if (remainders.readUInt16LE(index * remainderBytes) === wanted) return true;
    return false;
  };
  return {
    hasHash,
    has: (word) => {
      const hash = createWordHash();
      for (let index = 0; index < word.length; index += 1) hash.add(word.charCodeAt(index));
      return hasHash(hash);
    },
  };
}

/** The bucket of a word, by the upper of its hashes. */
export function bucketOf(upper: number, buckets: number): number {
  return Math.floor((upper / 2 ** 32) * buckets);
}
