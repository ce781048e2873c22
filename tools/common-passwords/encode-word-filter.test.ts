import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonPasswordData, createWordHash, openCommonWordFilter, spellOut } from '@sallyport/identity/test-support';
import { encodeWordFilter } from './encode-word-filter.ts';
import { famousPhrases } from './famous-phrases.ts';

describe('a filter of words', () => {
  it('has every word that was put in, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 200 }), (words) => {
        const encoded = encodeWordFilter(new Set(words));
        const filter = openCommonWordFilter(encoded);
        expect(words.filter((word) => !filter.has(word))).toEqual([]);
        expect(encodeWordFilter(new Set([...words].reverse()))).toEqual(encoded);
      }),
    );
  });

  it('has the hash of a word that grew character by character', () => {
    const filter = openCommonWordFilter(encodeWordFilter(new Set(['kettle'])));
    const hash = createWordHash();
    const found = [...'kettles'].map((character) => {
      hash.add(character.charCodeAt(0));
      return filter.hasHash(hash);
    });
    expect(found).toEqual([false, false, false, false, false, true, false]);
  });

  it('is refused when a part of it is missing', () => {
    const { buckets, data } = encodeWordFilter(new Set(['one', 'two', 'three']));
    for (const cut of [data.slice(0, -4), data.slice(4), '']) {
      expect(() => openCommonWordFilter({ buckets, data: cut })).toThrow(/not whole/);
    }
  });
});

describe('the filter that ships', () => {
  const filter = openCommonWordFilter(commonPasswordData);
  const file = readFileSync(
    new URL('../../packages/identity/src/features/passwords/common-password-data.ts', import.meta.url),
  );

  it('has more than 100,000 common passwords, as its head says', () => {
    const [, passwords = '', words = ''] = /(\d+) common passwords, and (\d+) words/.exec(file.toString()) ?? [];
    expect(Number(passwords)).toBeGreaterThan(100_000);
    expect(Number(passwords) + Number(words)).toBe(commonPasswordData.buckets);
  });

  it('takes less than 300 KiB of a tarball', () => {
    expect(gzipSync(file).length).toBeLessThan(300 * 1024);
  });

  it('has famous phrases, and passwords from the top and the end of the lists', () => {
    const phrases = famousPhrases.map((phrase) => phrase.replaceAll(' ', ''));
    const leaked = ['123456', 'password', 'qwerty', 'spongebobsquarepants', 'geekboy', 'rebon', 'cheaphornybastard'];
    expect([...phrases, ...leaked].filter((word) => !filter.has(spellOut(word)))).toEqual([]);
  });

  it('takes few other words for common ones', () => {
    let state = 1;
    const letter = (): string => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return String.fromCharCode(97 + ((state >>> 16) % 26));
    };
    const strangers = Array.from({ length: 100_000 }, () => Array.from({ length: 14 }, letter).join(''));
    // One in 65,536 is expected, which is 1 or 2.
    expect(strangers.filter((word) => filter.has(word)).length).toBeLessThan(9);
  });
});
