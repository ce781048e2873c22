import { silentMeter, type Meter } from '@sallyport/core';
import type { UpstreamFault } from './upstream-fault.ts';

/** The series of one route, looked up once. */
export interface UpstreamMeasures {
  /** Whether times are measured; reading the clock twice per request is not free. */
  readonly isTimed: boolean;
  readonly headSeconds: { observe(value: number): void };
  readonly failures: Readonly<Record<UpstreamFault, { add(): void }>>;
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Builds the measures of upstreams, by route. */
export function createUpstreamMeasures(meter: Meter): (route: string) => UpstreamMeasures {
  const head = meter.histogram({
    name: 'sallyport_upstream_head_seconds',
    help: 'From sending a request to the head of its answer',
    labels: ['route'],
    buckets,
  });
  const failures = meter.counter({
    name: 'sallyport_upstream_failures_total',
    help: 'Requests that a target did not answer: unreachable, broken connection, timeout',
    labels: ['route', 'fault'],
  });
  return (route) => ({
    isTimed: meter !== silentMeter,
    headSeconds: head.of(route),
    failures: {
      unreachable: failures.of(route, 'unreachable'),
      broken: failures.of(route, 'broken'),
      timeout: failures.of(route, 'timeout'),
    },
  });
}
