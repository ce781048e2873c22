import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptedCodings } from './accepted-codings.ts';

describe('the codings that a client takes', () => {
  it.each([
    { header: undefined, expected: [] },
    { header: '', expected: [] },
    { header: ' , ;q=1', expected: [] },
    { header: 'br;q=0', expected: [] },
    { header: 'br; q=0.000, gzip', expected: ['gzip'] },
    { header: 'BR;Q=0.1,  GZip ;q=1', expected: ['br', 'gzip'] },
    { header: 'brx, identity', expected: ['brx', 'identity'] },
  ])('of $header are $expected', ({ header, expected }) => {
    expect([...acceptedCodings(header)]).toEqual(expected);
  });

  it('can be read from anything that a client sends', () => {
    fc.assert(fc.property(fc.string(), (header) => void acceptedCodings(header)));
  });

  it('are those with a weight above 0, in any order', () => {
    const weight = fc.constantFrom('', ';q=1', '; q=0.5', ';q=0.001');
    const none = fc.constantFrom(';q=0', '; q=0.0', ';q=0.000');
    const coding = fc.constantFrom('br', 'gzip', 'deflate', 'zstd');
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(coding, fc.boolean(), weight, none), { selector: ([name]) => name }),
        (parts) => {
          const header = parts.map(([name, isTaken, some, zero]) => `${name}${isTaken ? some : zero}`).join(', ');
          const taken = parts.filter(([, isTaken]) => isTaken).map(([name]) => name);

          expect([...acceptedCodings(header)].sort()).toEqual(taken.sort());
        },
      ),
    );
  });
});
