import type { InvalidationBus, Meter } from '@sallyport/core';

/** Seconds. What is promised between gateways is 0.05. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface RevocationMeasureParts {
  readonly bus: InvalidationBus;
  readonly meter: Meter;
  readonly clock: () => number;
  readonly sessionCache: { readonly maxAgeSeconds: number };
}

/**
 * Measures how long revocations are on their way to this process, and says how long one that was lost without a trace
 * could go unnoticed.
 *
 * @returns a function that ends it.
 */
export function measureRevocations({ bus, meter, clock, sessionCache }: RevocationMeasureParts): () => void {
  const propagation = meter
    .histogram({
      name: 'sallyport_revocation_propagation_seconds',
      help: 'From the moment that something lost authority until this process heard of it',
      buckets,
    })
    .of();
  const gaps = meter
    .counter({ name: 'sallyport_revocation_gaps_total', help: 'Times that revocations may have been missed' })
    .of();
  meter.gauge(
    {
      name: 'sallyport_revocation_outage_bound_seconds',
      help: 'How long a remembered session is believed at most after the bus broke: the bound of a revocation then',
    },
    () => Math.min(bus.outageSeconds ?? 0, sessionCache.maxAgeSeconds),
  );
  meter.gauge(
    {
      name: 'sallyport_revocation_loss_bound_seconds',
      help: 'How long one is believed at most when a working bus lost a message without noticing',
    },
    () => sessionCache.maxAgeSeconds,
  );
  meter.gauge(
    { name: 'sallyport_bus_connected', help: 'Whether revocations of other processes are heard: 1 or 0' },
    () => (bus.isConnected() ? 1 : 0),
  );
  return bus.subscribe((message) => {
    if (message.kind === 'gap') return gaps.add();
    // Clocks of two machines may differ by more than the way takes.
    propagation.observe(Math.max(0, clock() - message.event.at.getTime()) / 1000);
  });
}
