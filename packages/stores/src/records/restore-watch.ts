import {
  isStoreFault,
  recordModels,
  SallyportError,
  storeFaultWordOf,
  type Logger,
  type Records,
} from '@sallyport/core';
import { dateOf, integerOf, type Row } from './row.ts';

/** The heartbeat that the other store keeps, in milliseconds by the clock of the database. */
export interface SecondHeartbeat {
  read(): Promise<number | undefined>;
  write(at: number): Promise<void>;
}

export interface RestoreWatchOptions {
  readonly records: Records;
  readonly second: SecondHeartbeat;
  /** The clock of the database. */
  readonly readClock: () => Promise<Date>;
  /** Ends every session that was created before. */
  readonly endSessions: (before: Date) => Promise<void>;
  /** Called when every session was ended, by whichever gateway: nothing that is cached may be believed. */
  readonly onEnded: () => void;
  /** How long no gateway may have run before the stores count as restored. */
  readonly maxDowntimeMilliseconds: number;
  readonly logger: Logger;
  /** @default 10000 */
  readonly beatMilliseconds?: number;
}

/** Watches for stores that are older than they were. */
export interface RestoreWatch {
  stop(): Promise<void>;
}

interface Heartbeat {
  readonly at: number;
  readonly epoch: number;
}

const model = recordModels.heartbeat;
const name = 'gateways';
const defaultBeatMilliseconds = 10_000;
/** What a failover to a replica that lagged behind may have lost. */
const lagMilliseconds = 60_000;
const maximumAttempts = 20;

/**
 * Notices that both stores were restored from a backup, and ends every session: those that ended after the backup would
 * live again, and nothing that is stored could tell.
 *
 * Gateways write the time into both stores. A start that finds the newer of the two older than the longest downtime, and a
 * running gateway whose stores both went back, cannot know what happened since. One store alone that is older is no
 * reason: the other one knows which sessions ended.
 *
 * Resolves when the stores were looked at. Rejects with `SP_STORE_UNAVAILABLE`.
 */
export async function watchForRestore(options: RestoreWatchOptions): Promise<RestoreWatch> {
  const { records, second, readClock, endSessions, onEnded, maxDowntimeMilliseconds, logger } = options;
  const { beatMilliseconds = defaultBeatMilliseconds } = options;
  let seen: Heartbeat | undefined;

  const findRestored = (stored: Heartbeat, secondAt: number, now: number): Date | undefined => {
    const newest = Math.max(stored.at, secondAt);
    if (seen === undefined) {
      const downtime = now - newest;
      // Clocks of gateways differ a little: what is ended was created well before this start.
      return downtime > maxDowntimeMilliseconds ? new Date(newest + downtime / 2) : undefined;
    }
    const tolerance = Math.min(lagMilliseconds, maxDowntimeMilliseconds);
    return newest < seen.at - tolerance ? new Date(now) : undefined;
  };

  const beatOnce = async (): Promise<boolean> => {
    const now = (await readClock()).getTime();
    const row = await records.findOne<Row>({ model, where: [{ field: 'name', value: name }] });
    if (row === null) {
      await records.create({ model, data: { name, at: new Date(now), epoch: seen?.epoch ?? 0 } });
      seen ??= { at: now, epoch: 0 };
      await second.write(now);
      return true;
    }
    const stored = { at: dateOf(row, 'at').getTime(), epoch: integerOf(row, 'epoch') };
    const before = findRestored(stored, (await second.read()) ?? 0, now);
    if (before !== undefined) await endSessions(before);
    const isNews = before !== undefined || (seen !== undefined && stored.epoch !== seen.epoch);
    const next = { at: Math.max(now, stored.at), epoch: stored.epoch + (before === undefined ? 0 : 1) };
    const written = await records.updateMany({
      model,
      where: [
        { field: 'name', value: name },
        { field: 'at', value: new Date(stored.at) },
        { field: 'epoch', value: stored.epoch },
      ],
      update: { at: new Date(next.at), epoch: next.epoch },
    });
    // Another gateway was faster: what it wrote is looked at anew.
    if (written === 0) return false;
    await second.write(next.at);
    seen = next;
    if (before !== undefined)
      logger.error('every session was ended: the stores are older than they were, or no gateway ran for long', {
        event: 'sessions-ended-after-restore',
      });
    if (isNews) onEnded();
    return true;
  };
  const beat = async (): Promise<void> => {
    for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
      try {
        if (await beatOnce()) return;
      } catch (error) {
        // Of two that make the row at the same moment, one finds it made.
        if (!(error instanceof SallyportError && error.code === 'SP_CONFLICT')) throw error;
      }
    }
  };
  let running: Promise<void> | undefined;
  const beatQuietly = (): Promise<void> => {
    running ??= beat()
      .catch((error: unknown) => {
        if (!isStoreFault(error)) throw error;
        logger.warn('the stores cannot be told that this gateway runs', {
          event: 'heartbeat-failed',
          error: storeFaultWordOf(error),
        });
      })
      .finally(() => (running = undefined));
    return running;
  };

  await beat();
  const timer = setInterval(() => void beatQuietly(), beatMilliseconds);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      // The downtime begins here.
      await running;
      await beatQuietly();
    },
  };
}
