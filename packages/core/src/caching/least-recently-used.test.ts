import { expect, it } from 'vitest';
import { createLeastRecentlyUsed } from './least-recently-used.ts';

it('a full map drops the entry that was unused for longest', () => {
  const dropped: string[] = [];
  const map = createLeastRecentlyUsed<number>(2, (key) => dropped.push(key));
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  expect(dropped).toEqual(['b']);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
});

it('an entry that is set again counts as used', () => {
  const map = createLeastRecentlyUsed<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 10);
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.size]).toEqual([10, undefined, 2]);
});

it('an entry that is deleted is not reported as dropped', () => {
  const dropped: string[] = [];
  const map = createLeastRecentlyUsed<number>(2, (key) => dropped.push(key));
  map.set('a', 1);
  map.delete('a');
  map.clear();
  expect([map.size, dropped]).toEqual([0, []]);
});
