import { silentMeter, type Logger, type Meter } from '@sallyport/core';
import type { RetentionJob } from '@sallyport/identity';
import type { Lease } from '@sallyport/stores';

/** How often rows that expired are deleted, by one gateway for all. */
export const housekeepingSeconds = 600;

export interface HousekeepingOptions {
  readonly jobs: readonly RetentionJob[];
  readonly lease: Lease;
  readonly logger: Logger;
  readonly meter?: Meter | undefined;
  /** @default 600 */
  readonly intervalSeconds?: number;
  readonly now?: () => Date;
}

/**
 * Deletes rows that expired, of every kind and outside of any request: the gateway that takes the lease does it for all.
 * A failure of one kind is logged, keeps no other from being deleted, and the next turn tries again.
 *
 * @returns what stops it.
 */
export function startHousekeeping(options: HousekeepingOptions): () => Promise<void> {
  const clean = createHousekeeping(options);
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(
    () => {
      running = clean();
    },
    (options.intervalSeconds ?? housekeepingSeconds) * 1000,
  );
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Builds one turn of housekeeping. It never rejects. */
export function createHousekeeping(options: HousekeepingOptions): () => Promise<void> {
  const { jobs, lease, logger, meter = silentMeter, intervalSeconds = housekeepingSeconds } = options;
  const { now = () => new Date() } = options;
  const deleted = meter.counter({
    name: 'sallyport_expired_rows_deleted_total',
    help: 'Rows that were deleted because they had expired, by kind',
    labels: ['kind'],
  });
  const runs = meter.counter({
    name: 'sallyport_retention_runs_total',
    help: 'Turns at deleting rows that expired; over all gateways one "done" every ten minutes',
    labels: ['outcome'],
  });

  const run = async ({ kind, run: deleteExpired }: RetentionJob): Promise<boolean> => {
    try {
      const count = await deleteExpired(now());
      deleted.of(kind).add(count);
      if (count > 0) logger.info('expired rows deleted', { event: 'expired-rows-deleted', kind, count });
      return true;
    } catch (error) {
      noteFailure(logger, kind, error);
      return false;
    }
  };

  let isRunning = false;
  return async () => {
    // A turn that takes longer than the interval goes on alone.
    if (isRunning) return;
    isRunning = true;
    try {
      // A little less than the interval: the next turn of this process finds it free again.
      const fence = await lease.take(intervalSeconds * 0.9, now());
      if (fence === null) return runs.of('skipped').add();
      let isDone = true;
      for (const job of jobs) isDone = (await run(job)) && isDone;
      if (isDone) await lease.noteDone(fence, now());
      runs.of(isDone ? 'done' : 'failed').add();
    } catch (error) {
      runs.of('failed').add();
      noteFailure(logger, 'lease', error);
    } finally {
      isRunning = false;
    }
  };
}

function noteFailure(logger: Logger, kind: string, error: unknown): void {
  logger.warn('expired rows stay for now', {
    event: 'expired-rows-not-deleted',
    kind,
    error: error instanceof Error ? error.name : 'unknown',
  });
}
