import { silentMeter, type Meter } from '@sallyport/core';

/**
 * A meter for parts that others take the place of: a gauge that is named again is read from the newer part, and the
 * older one can be forgotten.
 */
export function createReplacingMeter(meter: Meter): Meter {
  if (meter === silentMeter) return silentMeter;
  const reads = new Map<string, () => number>();
  return {
    counter: (definition) => meter.counter(definition),
    histogram: (definition) => meter.histogram(definition),
    gauge: (definition, read) => {
      const { name } = definition;
      const isNew = !reads.has(name);
      reads.set(name, read);
      if (isNew) meter.gauge(definition, () => reads.get(name)?.() ?? 0);
    },
  };
}
