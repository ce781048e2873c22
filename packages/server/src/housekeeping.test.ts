import type { LogFields, Meter } from '@sallyport/core';
import type { Lease } from '@sallyport/stores';
import { describe, expect, it } from 'vitest';
import { createHousekeeping } from './housekeeping.ts';
import { createPrometheusMeter } from './metrics/prometheus-meter.ts';

const lines: string[] = [];
const log = (message: string, fields: LogFields) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const logger = { info: log, warn: log, error: log };

/** A lease that is free, or taken by another gateway. */
function leaseOf(isFree: boolean): Lease & { readonly done: number[] } {
  const done: number[] = [];
  return {
    done,
    take: () => Promise.resolve(isFree ? 7 : null),
    noteDone: (fence) => Promise.resolve(void done.push(fence)),
  };
}

describe('housekeeping', () => {
  it('runs each kind, counts its rows, and notes that all was done', async () => {
    const meter = createPrometheusMeter({ withProcess: false });
    const lease = leaseOf(true);
    await turn(meter, lease, { links: () => Promise.resolve(3), events: () => Promise.resolve(0) });
    const text = await meter.text();
    expect(text).toContain('sallyport_expired_rows_deleted_total{kind="links"} 3');
    expect(text).toContain('sallyport_retention_runs_total{outcome="done"} 1');
    expect(lease.done).toEqual([7]);
  });

  it('goes on after a kind that fails, and does not call it done', async () => {
    const meter = createPrometheusMeter({ withProcess: false });
    const lease = leaseOf(true);
    const failing = () => Promise.reject(new Error('no'));
    await turn(meter, lease, { links: failing, events: () => Promise.resolve(2) });
    const text = await meter.text();
    expect(text).toContain('sallyport_expired_rows_deleted_total{kind="events"} 2');
    expect(text).toContain('sallyport_retention_runs_total{outcome="failed"} 1');
    expect(lease.done).toEqual([]);
    expect(lines.at(-2)).toBe(
      'expired rows stay for now {"event":"expired-rows-not-deleted","kind":"links","error":"Error"}',
    );
  });

  it('leaves the work to the gateway that holds the lease', async () => {
    const meter = createPrometheusMeter({ withProcess: false });
    let calls = 0;
    await turn(meter, leaseOf(false), { links: () => Promise.resolve((calls += 1)) });
    expect(calls).toBe(0);
    expect(await meter.text()).toContain('sallyport_retention_runs_total{outcome="skipped"} 1');
  });

  it('survives stores that do not answer', async () => {
    const meter = createPrometheusMeter({ withProcess: false });
    const lease = { ...leaseOf(true), take: () => Promise.reject(new Error('down')) };
    await turn(meter, lease, {});
    expect(await meter.text()).toContain('sallyport_retention_runs_total{outcome="failed"} 1');
  });

  it('does not begin a turn while the one before goes on', async () => {
    let calls = 0;
    const gate = Promise.withResolvers<number>();
    const jobs = [{ kind: 'links', run: () => ((calls += 1), gate.promise) }];
    const clean = createHousekeeping({ jobs, lease: leaseOf(true), logger });
    const first = clean();
    await clean();
    gate.resolve(0);
    await first;
    expect(calls).toBe(1);
  });
});

function turn(meter: Meter, lease: Lease, jobs: Readonly<Record<string, () => Promise<number>>>): Promise<void> {
  const list = Object.entries(jobs).map(([kind, run]) => ({ kind, run }));
  return createHousekeeping({ jobs: list, lease, logger, meter })();
}
