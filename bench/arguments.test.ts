import { describe, expect, it } from 'vitest';
import { parseBenchArguments } from './arguments.ts';

describe('the arguments of the benchmark', () => {
  it('takes at least ten pairs unless told otherwise', () => {
    expect(parseBenchArguments([])).toMatchObject({ json: false, only: [] });
    expect(parseBenchArguments([]).pairs).toBeGreaterThanOrEqual(10);
  });

  it('takes several names', () => {
    expect(parseBenchArguments(['--only', 'a', '--only=b', '--json'])).toMatchObject({ json: true, only: ['a', 'b'] });
  });

  it('prefers the number of pairs that it is told, also when it is to be quick', () => {
    expect(parseBenchArguments(['--quick', '--pairs', '5']).pairs).toBe(5);
  });

  it.each([['--pairs', '0'], ['--pairs', 'many'], ['--pairs', '1.5'], ['--jsn'], ['gateway']])(
    'refuses %s %s',
    (...commandLine) => {
      expect(() => parseBenchArguments(commandLine)).toThrow(TypeError);
    },
  );
});
