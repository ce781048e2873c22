import type { Cores } from './cores.ts';
import type { Spread } from './statistics.ts';

/** How thoroughly to measure, and where to report progress. */
export interface RunSettings {
  readonly cores: Cores;
  readonly pairs: number;
  /** Shorter turns and less warm-up: to see that everything runs, not to quote. */
  readonly isQuick: boolean;
  /** Folder into which each server writes a CPU profile. Profiling slows servers down: such figures are not quoted. */
  readonly profileFolder?: string;
  readonly onProgress: (text: string) => void;
}

/**
 * One line of the result. More is better for subject and baseline, whatever the unit, except in milliseconds;
 * `ratio` is the median of subject over baseline within each pair.
 */
export interface BenchmarkResult {
  readonly name: string;
  readonly title: string;
  readonly ratio: number;
  /** First and third quartile of the ratio. */
  readonly low: number;
  readonly high: number;
  /** Medians. */
  readonly subject: number;
  readonly baseline: number;
  readonly unit: string;
  readonly pairs: number;
  /** What DESIGN asks for, as people read it. */
  readonly target: string;
  /** More of the same run: other measures, counters, conditions. */
  readonly details: Readonly<Record<string, number | string | Spread>>;
}

/** A comparison that can be run by its name. */
export interface Benchmark {
  readonly name: string;
  readonly title: string;
  run(settings: RunSettings): Promise<readonly BenchmarkResult[]>;
}
