import { recordModels, type InvalidationBus, type Records } from '@sallyport/core';

/** Whether the stores answer, as `/readyz` says it. */
export interface Readiness {
  readonly isReady: () => boolean;
  readonly stop: () => void;
}

const intervalMilliseconds = 1000;

/**
 * Watches the stores: the database is asked for a row that is not there once a second, one question at a time, and the
 * bus knows how Redis is.
 */
export function watchReadiness(records: Records, bus: InvalidationBus): Readiness {
  let isAnswered = true;
  let isAsking = false;
  let isOverdue = false;
  const ask = async (): Promise<void> => {
    // A question that is still open when the next one is due means that the database does not answer.
    if (isAsking) {
      isOverdue = true;
      return;
    }
    isAsking = true;
    try {
      await records.findOne({ model: recordModels.key, where: [{ field: 'kid', value: 'none' }] });
      isAnswered = true;
    } catch {
      isAnswered = false;
    } finally {
      isAsking = false;
      isOverdue = false;
    }
  };
  const timer = setInterval(() => void ask(), intervalMilliseconds);
  timer.unref();
  return { isReady: () => isAnswered && !isOverdue && bus.isConnected(), stop: () => clearInterval(timer) };
}
