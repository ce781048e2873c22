import { expect, it } from 'vitest';
import { createRecentMap } from './recent-map.ts';

it('a recent map forgets what was not used for longest, by weight', () => {
  const map = createRecentMap<{ readonly weight: number }>(10, ({ weight }) => weight);
  const put = (key: string, weight: number) => map.getOrMake(key, () => ({ weight }));
  const [first, second] = [put('first', 4), put('second', 4)];
  expect(put('first', 4)).toBe(first);
  put('third', 4);
  expect(put('first', 4)).toBe(first);
  expect(put('second', 4)).not.toBe(second);
});

it('a recent map gives what weighs more than it may hold, and forgets all others for it', () => {
  const map = createRecentMap<{ readonly weight: number }>(10, ({ weight }) => weight);
  const small = map.getOrMake('small', () => ({ weight: 1 }));
  const large = map.getOrMake('large', () => ({ weight: 50 }));
  expect(map.getOrMake('large', () => ({ weight: 50 }))).toBe(large);
  expect(map.getOrMake('small', () => ({ weight: 1 }))).not.toBe(small);
});
