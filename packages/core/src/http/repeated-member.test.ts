import { describe, expect, it } from 'vitest';
import { hasRepeatedMember } from './repeated-member.ts';

describe('a member that comes twice', () => {
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
});
