import type { CounterMetric, Meter } from '@sallyport/core';

/** Counts the streams that ended, by why: each reason is looked up once. */
export function createEndedCounter(meter: Meter): CounterMetric {
  const counter = meter.counter({
    name: 'sallyport_gateway_streams_ended_total',
    help: 'Streams that ended: by either end (closed), or by the gateway and why',
    labels: ['reason'],
  });
  const series = new Map<string, ReturnType<CounterMetric['of']>>();
  return {
    of: (reason) => {
      const known = series.get(reason) ?? counter.of(reason);
      series.set(reason, known);
      return known;
    },
  };
}
