import type { Logger } from '@sallyport/core';

const intervalMilliseconds = 3_600_000;

/** Deletes what expired before a moment, and resolves to how many rows that were. */
export type DeleteExpired = (now: Date) => Promise<number>;

/** Deletes expired rows of every kind, once an hour. A failure is logged and the next hour tries again. */
export function startHousekeeping(kinds: Readonly<Record<string, DeleteExpired>>, logger: Logger): () => void {
  const timer = setInterval(() => {
    for (const [kind, deleteExpired] of Object.entries(kinds)) void clean(kind, deleteExpired, logger);
  }, intervalMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

async function clean(kind: string, deleteExpired: DeleteExpired, logger: Logger): Promise<void> {
  try {
    const count = await deleteExpired(new Date());
    if (count > 0) logger.info('expired rows deleted', { event: 'expired-rows-deleted', kind, count });
  } catch (error) {
    logger.warn('expired rows stay for now', {
      event: 'expired-rows-not-deleted',
      kind,
      error: error instanceof Error ? error.name : 'unknown',
    });
  }
}
