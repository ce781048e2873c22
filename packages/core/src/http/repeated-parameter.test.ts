import { describe, expect, it } from 'vitest';
import { hasRepeatedParameter } from './repeated-parameter.ts';

describe('a parameter that comes twice', () => {
  it.each([
    ['returnTo=a&returnTo=b', true],
    ['returnTo=a&return%54o=b', true],
    ['a&a', true],
    ['a=1&b=1', false],
    ['', false],
  ])('in ?%s: %s', (query, isRepeated) => {
    expect(hasRepeatedParameter(new URLSearchParams(query))).toBe(isRepeated);
  });
});
