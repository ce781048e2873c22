import { describe, expect, it } from 'vitest';
import { hasRepeatedMember, hasRepeatedParameter } from './repeated-names.ts';

describe('a name that comes twice', () => {
  it.each([
    ['{"a":1,"a":2}', true],
    ['{"a":1,"\\u0061":2}', true],
    ['{"a":{"b":1,"b":2}}', true],
    ['[{"a":1},{"b":1,"c":[{"d":1,"d":1}]}]', true],
    ['{"a":"x","b":{"a":"a"},"c":[{"a":1},{"a":2}]}', false],
    ['{"a":"\\"a\\":1,\\"a\\":","b":":"}', false],
    ['{"a":1}', false],
    ['[]', false],
    ['"a"', false],
  ])('in %s: %s', (text, isRepeated) => {
    expect(hasRepeatedMember(text)).toBe(isRepeated);
  });

  it.each([
    ['returnTo=a&returnTo=b', true],
    ['returnTo=a&return%54o=b', true],
    ['a=1&b=1', false],
    ['', false],
  ])('in ?%s: %s', (query, isRepeated) => {
    expect(hasRepeatedParameter(new URLSearchParams(query))).toBe(isRepeated);
  });
});
