import type { Logger, SessionStore } from '@sallyport/core';

const intervalMilliseconds = 3_600_000;

/** Deletes sessions whose absolute expiry has passed, every hour. A failure is logged and the next hour tries again. */
export function startHousekeeping(sessions: SessionStore, logger: Logger): () => void {
  const timer = setInterval(() => {
    sessions.deleteExpired(new Date()).then(
      (count) => count > 0 && logger.info('expired sessions deleted', { count }),
      (error: unknown) =>
        logger.warn('expired sessions stay for now', { error: error instanceof Error ? error.name : 'unknown' }),
    );
  }, intervalMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}
