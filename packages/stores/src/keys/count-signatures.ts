import type { KeyUse, Meter } from '@sallyport/core';

/** Counts the signatures of each use. */
export function countSignatures(meter: Meter, uses: readonly KeyUse[]): ReadonlyMap<KeyUse, { add(): void }> {
  const counted = meter.counter({ name: 'sallyport_key_signatures_total', help: 'Tokens signed', labels: ['use'] });
  return new Map(uses.map((use) => [use, counted.of(use)]));
}
