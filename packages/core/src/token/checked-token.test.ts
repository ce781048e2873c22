import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCheckedToken, toCheckedToken } from './checked-token.ts';

const body = fc.stringMatching(/^[A-Za-z0-9_-]{1,120}$/);

describe('a checked token', () => {
  it('is read back as it was written', () => {
    fc.assert(fc.property(body, (text) => parseCheckedToken('sp_rt_', toCheckedToken('sp_rt_', text)) === text));
  });

  it('is not read with any one character changed', () => {
    fc.assert(
      fc.property(body, fc.nat(), fc.stringMatching(/^[A-Za-z0-9_-]$/), (text, at, other) => {
        const token = toCheckedToken('sp_rt_', text);
        const index = at % token.length;
        fc.pre(token[index] !== other);
        expect(parseCheckedToken('sp_rt_', token.slice(0, index) + other + token.slice(index + 1))).toBeUndefined();
      }),
    );
  });

  it.each(['', 'sp_rt_', 'sp_rt_000000', 'sp_key_abc', 'Sp_rt_abc000000', ' sp_rt_abc000000'])('is not %j', (text) =>
    expect(parseCheckedToken('sp_rt_', text)).toBeUndefined(),
  );

  it('is not read under another prefix', () => {
    expect(parseCheckedToken('sp_rt_', toCheckedToken('sp_key_', 'abc'))).toBeUndefined();
  });

  it('has the checksum that others compute', () => {
    // Computed with zlib of Python.
    expect(toCheckedToken('sp_rt_', 'abc')).toBe('sp_rt_abc1GjukL');
  });
});
