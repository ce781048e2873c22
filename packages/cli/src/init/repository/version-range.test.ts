import { describe, expect, it } from 'vitest';
import { haveCommonVersion } from './version-range.ts';

describe('ranges have a version in common:', () => {
  it.each([
    ['^16.0.0', '^16.4.3'],
    ['16.4.3', '^16.4.3'],
    ['16.4.5-canary.1', '^16.4.3'],
    ['16', '^16.4.3'],
    ['16.x', '^16.4.3'],
    ['16.4.x', '^16.4.3'],
    ['~16.4.0', '^16.4.3'],
    ['>=15', '^16.4.3'],
    ['^15.0.0 || ^16.0.0', '^16.4.3'],
    ['npm:next@16.4.5', '^16.4.3'],
    ['npm:@team/next@^16.4.5', '^16.4.3'],
    ['*', '^16.4.3'],
    ['^11.1.0', '^11.0.0 || ^12.0.0'],
    ['v12.0.0', '^11.0.0 || ^12.0.0'],
    ['^0.2.1', '^0.2.0'],
  ])('%s and %s', (one, other) => {
    expect(haveCommonVersion(one, other)).toBe(true);
    expect(haveCommonVersion(other, one)).toBe(true);
  });

  it.each(['canary', 'catalog:', 'workspace:*', 'github:vercel/next.js', 'file:../next', '>=15 <16'])(
    '%s may mean any version',
    (range) => expect(haveCommonVersion(range, '^16.4.3')).toBe(true),
  );
});

describe('ranges have no version in common:', () => {
  it.each([
    ['16.4.2', '^16.4.3'],
    ['~16.3.0', '^16.4.3'],
    ['16.3.x', '^16.4.3'],
    ['^15.5.0', '^16.4.3'],
    ['15', '^16.4.3'],
    ['17', '^16.4.3'],
    ['>=17', '^16.4.3'],
    ['^13.0.0 || ^14.0.0', '^16.4.3'],
    ['npm:next@15', '^16.4.3'],
    ['^10.4.0', '^11.0.0 || ^12.0.0'],
    ['^13.0.0', '^11.0.0 || ^12.0.0'],
    ['^0.3.0', '^0.2.0'],
    ['^0.0.2', '^0.0.3'],
  ])('%s and %s', (one, other) => {
    expect(haveCommonVersion(one, other)).toBe(false);
    expect(haveCommonVersion(other, one)).toBe(false);
  });
});
