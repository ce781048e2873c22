import type { Finding } from './finding.ts';

/** What another machine said the time is, and when it was asked. */
export interface ClockReading {
  readonly time: Date;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** A clock may be off by this much before anything goes wrong. */
const toleratedSkewMilliseconds = 5_000;

/** Compares this machine's clock with that of a store. What the way there took counts for neither. */
export function checkClock(check: string, store: string, { time, askedAt, answeredAt }: ClockReading): Finding {
  const at = time.getTime();
  const ahead = at > answeredAt ? at - answeredAt : Math.min(0, at - askedAt);
  if (Math.abs(ahead) <= toleratedSkewMilliseconds)
    return { check, state: 'good', finding: `this machine and ${store} agree on the time` };
  return {
    check,
    state: 'bad',
    finding: `the clock of ${store} is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} that of this machine`,
    fix: 'Set the clocks of both by NTP.',
  };
}
