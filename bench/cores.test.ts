import { expect, it } from 'vitest';
import { parseCoreList, pinnedCommand } from './cores.ts';

it.each([
  { list: '0-1', cores: [0, 1] },
  { list: '4', cores: [4] },
  { list: '0-2,5,7-8', cores: [0, 1, 2, 5, 7, 8] },
  { list: 'nothing', cores: [] },
])('a core list such as "$list" is read', ({ list, cores }) => {
  expect(parseCoreList(list)).toEqual(cores);
});

it('a pinned command runs a program on its core', () => {
  expect(pinnedCommand(1, ['node', 'x.ts'])).toEqual(['taskset', '-c', '1', 'node', 'x.ts']);
});

it('a command runs anywhere when cores cannot be chosen', () => {
  expect(pinnedCommand(undefined, ['node', 'x.ts'])).toEqual(['node', 'x.ts']);
});
