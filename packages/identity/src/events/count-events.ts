import type { Meter, SecurityEventLog } from '@sallyport/core';

/** Counts events by their kind as they are written: how many sign-ins succeeded, and how many were refused. */
export function countEvents(events: SecurityEventLog, meter: Meter | undefined): SecurityEventLog {
  if (meter === undefined) return events;
  const counter = meter.counter({
    name: 'sallyport_security_events_total',
    help: 'Security events that were written, by kind; docs/reference/events.md says what each means',
    labels: ['type', 'outcome'],
  });
  return {
    append: async (event) => {
      await events.append(event);
      counter.of(event.type, event.outcome).add();
    },
  };
}
