import type { CheckFinding } from '@sallyport/core';

/** What another machine said the time is, and when it was asked. */
export interface ClockReading {
  readonly time: Date;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** Clocks may differ by this much before anything goes wrong. */
const toleratedSkewMilliseconds = 5_000;

/**
 * Compares this machine's clock with that of a store. The time that the answer took counts for neither.
 *
 * A warning, however large the difference is: which of the two is wrong cannot be told from here, services refuse the
 * tokens of a gateway whose clock is far off, and gateways that refuse to start because of a store's clock would turn a
 * fault of NTP into an outage.
 */
export function examineClock(store: string, { time, askedAt, answeredAt }: ClockReading): CheckFinding {
  const at = time.getTime();
  const ahead = at > answeredAt ? at - answeredAt : Math.min(0, at - askedAt);
  if (Math.abs(ahead) <= toleratedSkewMilliseconds)
    return { kind: 'ok', finding: `this machine and ${store} agree on the time` };
  return {
    kind: 'warning',
    finding: `the clock of ${store} is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} that of this machine`,
    hint: 'Set the clocks of both by NTP.',
  };
}
