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
