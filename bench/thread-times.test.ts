import { describe, expect, it } from 'vitest';
import { parseThreadTimes, readThreadTimes, timesBetween } from './thread-times.ts';

describe('the times of a thread', () => {
  it('are read in milliseconds', () => {
    expect(parseThreadTimes('1500000 250000 7\n')).toEqual({ ranMilliseconds: 1.5, waitedMilliseconds: 0.25 });
  });

  it.each(['', 'x y z', '12'])('are not made up from "%s"', (text) => {
    expect(parseThreadTimes(text)).toBeUndefined();
  });

  it('are unknown for a process that there is not', () => {
    expect(readThreadTimes(2 ** 30)).toBeUndefined();
  });

  it('are what lies between two readings, and unknown when one of them is', () => {
    const before = { ranMilliseconds: 1, waitedMilliseconds: 2 };
    const after = { ranMilliseconds: 5, waitedMilliseconds: 3 };
    expect(timesBetween(before, after)).toEqual({ ranMilliseconds: 4, waitedMilliseconds: 1 });
    expect(timesBetween(undefined, after)).toBeUndefined();
    expect(timesBetween(before, undefined)).toBeUndefined();
  });
});
