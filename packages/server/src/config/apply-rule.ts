import type { ReadConfig } from './read-as-far-as-possible.ts';
import type { Config } from './config-schema.ts';
import { watchReads } from './watch-reads.ts';

/**
 * Has a rule look at a configuration of which parts may not be usable. What it found counts only when it read none of those:
 * the rest of a configuration is judged as if it stood alone, and no problem is named that follows from another one.
 */
export function applyRule<Found>(
  rule: (config: Config) => readonly Found[],
  config: Config,
  unusable: ReadConfig['unusable'],
): readonly Found[] {
  if (unusable.length === 0) return rule(config);
  const { data, isTouched } = watchReads(config, unusable);
  try {
    const found = rule(data);
    return isTouched() ? [] : found;
  } catch (error) {
    if (isTouched()) return [];
    throw error;
  }
}
