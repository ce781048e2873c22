/** The middle of a sample and how far it spreads. */
export interface Spread {
  readonly median: number;
  /** First quartile. */
  readonly low: number;
  /** Third quartile. */
  readonly high: number;
}

/** One turn of each side, taken one right after the other. */
export interface Pair {
  readonly subject: number;
  readonly baseline: number;
}

/** What a series of pairs says. The ratio is taken within each pair first, so that slow drift of the machine cancels. */
export interface PairedSummary {
  readonly ratio: Spread;
  readonly subject: Spread;
  readonly baseline: Spread;
}

/** Summarises pairs by medians and quartiles, which a few disturbed turns cannot move. */
export function summarizePairs(pairs: readonly Pair[]): PairedSummary {
  return {
    ratio: spreadOf(pairs.map((pair) => pair.subject / pair.baseline)),
    subject: spreadOf(pairs.map((pair) => pair.subject)),
    baseline: spreadOf(pairs.map((pair) => pair.baseline)),
  };
}

/** Median and quartiles of a sample. */
export function spreadOf(sample: readonly number[]): Spread {
  const sorted = sample.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/**
 * The median of a sample, and between which of its values the median of everything lies with 95 % confidence: by ranks
 * alone, whatever the distribution.
 */
export function intervalOfMedian(sample: readonly number[]): Spread {
  const sorted = sample.toSorted((a, b) => a - b);
  const halfWidth = 0.98 * Math.sqrt(sorted.length);
  const last = sorted.length - 1;
  const at = (rank: number): number => sorted[Math.min(last, Math.max(0, rank))] ?? Number.NaN;
  return {
    median: quantile(sorted, 0.5),
    low: at(Math.floor(last / 2 - halfWidth)),
    high: at(Math.ceil(last / 2 + halfWidth)),
  };
}

/**
 * A quantile of an ascending sample, interpolated between its two neighbours.
 *
 * @throws RangeError for an empty sample.
 */
export function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('an empty sample has no quantiles');
  return below + (above - below) * (position - Math.floor(position));
}

/** One observation: what was measured when so much had happened. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A straight line through points, by least squares. */
export interface FittedLine {
  readonly slope: number;
  /** Half the width of the interval in which the slope lies with 95 % confidence. */
  readonly uncertainty: number;
}

/** 97.5 % quantiles of Student's t by degrees of freedom, ascending. */
const studentQuantiles: readonly (readonly [number, number])[] = [
  [1, 12.706],
  [2, 4.303],
  [3, 3.182],
  [4, 2.776],
  [5, 2.571],
  [6, 2.447],
  [8, 2.306],
  [10, 2.228],
  [15, 2.131],
  [20, 2.086],
  [30, 2.042],
  [60, 2],
];

/**
 * Fits a line by least squares.
 *
 * @throws RangeError for fewer than three points, or when all have the same x.
 */
export function fitLine(points: readonly Point[]): FittedLine {
  if (points.length < 3) throw new RangeError('a line with a confidence needs three points');
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const spreadX = sum(points.map(({ x }) => (x - meanX) ** 2));
  if (spreadX === 0) throw new RangeError('points above one another have no slope');
  const slope = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / spreadX;
  const residuals = points.map(({ x, y }) => y - meanY - slope * (x - meanX));
  const freedom = points.length - 2;
  const standardError = Math.sqrt(sum(residuals.map((residual) => residual ** 2)) / freedom / spreadX);
  return { slope, uncertainty: studentQuantile(freedom) * standardError };
}

function studentQuantile(freedom: number): number {
  // The quantile falls as the freedom grows: that of the next smaller entry is on the safe side.
  return studentQuantiles.findLast(([entry]) => entry <= freedom)?.[1] ?? Infinity;
}

function mean(sample: readonly number[]): number {
  return sum(sample) / sample.length;
}

function sum(sample: readonly number[]): number {
  return sample.reduce((total, value) => total + value, 0);
}
