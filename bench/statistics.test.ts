import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitLine, intervalOfMedian, quantile, spreadOf, summarizePairs } from './statistics.ts';

describe('quantile', () => {
  it.each([
    { name: 'the middle of an odd sample', sample: [1, 2, 9], fraction: 0.5, expected: 2 },
    { name: 'the mean of the two middles of an even sample', sample: [1, 2, 4, 9], fraction: 0.5, expected: 3 },
    { name: 'between neighbours for a quartile', sample: [0, 10, 20, 30], fraction: 0.25, expected: 7.5 },
    { name: 'the only value of a sample of one', sample: [7], fraction: 0.99, expected: 7 },
    { name: 'the smallest for zero', sample: [3, 4, 5], fraction: 0, expected: 3 },
    { name: 'the largest for one', sample: [3, 4, 5], fraction: 1, expected: 5 },
  ])('is $name', ({ sample, fraction, expected }) => {
    expect(quantile(sample, fraction)).toBe(expected);
  });

  it('refuses an empty sample instead of reporting a number', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe('spreadOf', () => {
  it('does not depend on the order of the sample, and leaves it alone', () => {
    const sample = [9, 1, 5];
    expect(spreadOf(sample)).toEqual({ median: 5, low: 3, high: 7 });
    expect(sample).toEqual([9, 1, 5]);
  });

  it('always has the quartiles on both sides of the median, within the sample', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1 }), (sample) => {
        const { low, median, high } = spreadOf(sample);
        expect(Math.min(...sample)).toBeLessThanOrEqual(low);
        expect(low).toBeLessThanOrEqual(median);
        expect(median).toBeLessThanOrEqual(high);
        expect(high).toBeLessThanOrEqual(Math.max(...sample));
      }),
    );
  });
});

describe('summarizePairs', () => {
  it('compares within each pair, so that a machine that slows down half way does not count', () => {
    const steady = [100, 50, 25, 10].map((speed) => ({ subject: speed * 0.9, baseline: speed }));
    const { ratio } = summarizePairs(steady);
    expect(ratio.median).toBeCloseTo(0.9);
    expect(ratio.low).toBeCloseTo(0.9);
    expect(ratio.high).toBeCloseTo(0.9);
  });

  it('is not moved by one disturbed turn', () => {
    const pairs = [...Array.from({ length: 9 }, () => ({ subject: 8, baseline: 10 })), { subject: 1, baseline: 10 }];
    expect(summarizePairs(pairs).ratio.median).toBeCloseTo(0.8);
  });

  it('refuses to summarise nothing', () => {
    expect(() => summarizePairs([])).toThrow(RangeError);
  });
});

describe('fitLine', () => {
  it('finds the slope of points on a line, without doubt', () => {
    const line = fitLine([0, 1, 2, 3].map((x) => ({ x, y: 5 - 2 * x })));
    expect(line.slope).toBeCloseTo(-2);
    expect(line.uncertainty).toBeCloseTo(0);
  });

  it('knows how certain the slope is', () => {
    // By hand: slope 0.8, sum of squares of residuals 1.2 over 2 degrees of freedom, spread 5, t 4.303.
    const line = fitLine([
      { x: 0, y: 1 },
      { x: 1, y: 1 },
      { x: 2, y: 3 },
      { x: 3, y: 3 },
    ]);
    expect(line.slope).toBeCloseTo(0.8);
    expect(line.uncertainty).toBeCloseTo(4.303 * Math.sqrt(0.8 / 2 / 5));
  });

  it('does not depend on where zero is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 3, maxLength: 20 }),
        fc.double({ min: -1000, max: 1000, noNaN: true }),
        (sample, shift) => {
          const points = sample.map((y, x) => ({ x, y }));
          const moved = points.map(({ x, y }) => ({ x: x + shift, y: y + shift }));
          expect(fitLine(moved).slope).toBeCloseTo(fitLine(points).slope, 4);
        },
      ),
    );
  });

  it.each([
    { name: 'fewer than three points', points: [1, 2].map((x) => ({ x, y: x })) },
    { name: 'points above one another', points: [1, 2, 3].map((y) => ({ x: 1, y })) },
  ])('refuses $name', ({ points }) => {
    expect(() => fitLine(points)).toThrow(RangeError);
  });
});

describe('the interval of a median', () => {
  it('is wide where there is little to go by, and narrows with the root of the sample', () => {
    expect(intervalOfMedian([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
    const hundred = Array.from({ length: 101 }, (_, index) => index);
    expect(intervalOfMedian(hundred)).toEqual({ median: 50, low: 40, high: 60 });
  });

  it('is moved by no outlier', () => {
    const sample = Array.from({ length: 100 }, (_, index) => index);
    expect(intervalOfMedian([...sample, 1e9, 1e9]).high).toBeLessThan(70);
  });

  it('is refused for nothing', () => {
    expect(() => intervalOfMedian([])).toThrow(RangeError);
  });
});
