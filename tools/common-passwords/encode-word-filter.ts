import { bucketOf, createWordHash, type EncodedWordFilter } from '@sallyport/identity/test-support';

interface PlacedWord {
  readonly bucket: number;
  readonly remainder: number;
}

/** Writes a set of words in the form that `openCommonWordFilter` reads. The order of the words makes no difference. */
export function encodeWordFilter(words: ReadonlySet<string>): EncodedWordFilter {
  const buckets = words.size;
  const placed = [...words]
    .map((word) => placeOf(word, buckets))
    .sort((a, b) => a.bucket - b.bucket || a.remainder - b.remainder);
  const unary = Buffer.alloc(Math.ceil((buckets + placed.length) / 8));
  let [bit, bucket] = [0, 0];
  for (const word of placed) {
    bit += word.bucket - bucket;
    bucket = word.bucket;
    const index = bit >> 3;
    unary[index] = (unary[index] ?? 0) | (1 << (bit & 7));
    bit += 1;
  }
  const remainders = Buffer.from(Uint16Array.from(placed, ({ remainder }) => remainder).buffer);
  return { buckets, data: Buffer.concat([unary, remainders]).toString('base64') };
}

function placeOf(word: string, buckets: number): PlacedWord {
  const hash = createWordHash();
  for (let index = 0; index < word.length; index += 1) hash.add(word.charCodeAt(index));
  return { bucket: bucketOf(hash.upper, buckets), remainder: hash.lower & 0xffff };
}
