import type { BenchmarkResult } from './benchmark.ts';
import { summarizePairs, type Pair } from './statistics.ts';

/** What a result is called, and what is asked of it. */
export interface ResultLabel {
  readonly name: string;
  readonly title: string;
  readonly target: string;
}

/** Writes pairs as a result: medians, and the ratio with its quartiles. */
export function toResult(
  { name, title, target }: ResultLabel,
  unit: string,
  pairs: readonly Pair[],
  details: BenchmarkResult['details'],
): BenchmarkResult {
  const { ratio, subject, baseline } = summarizePairs(pairs);
  return {
    name,
    title,
    ratio: ratio.median,
    low: ratio.low,
    high: ratio.high,
    subject: subject.median,
    baseline: baseline.median,
    unit,
    pairs: pairs.length,
    target,
    details,
  };
}
