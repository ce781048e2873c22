import type { Logger, SessionDirectory } from '@sallyport/core';
import type { CachedSession } from './session-cache.ts';

/** Notes that a session was used. */
export type RecordActivity = (session: CachedSession, at: number) => void;

const longestIntervalMilliseconds = 10_000;

/**
 * Builds the recorder of activity: at most one write per session in ten seconds, or in a quarter of its idle lifetime
 * where that is shorter, never waited for. The remembered idle
 * expiry moves in step with what was written, so that the gateway and the store never disagree by more than that.
 */
export function createActivityRecorder(sessions: SessionDirectory, logger: Logger): RecordActivity {
  return (session, at) => {
    const interval = Math.min(longestIntervalMilliseconds, session.idleMilliseconds / 4);
    if (at - session.activityRecordedAt < interval) return;
    session.activityRecordedAt = at;
    session.idleExpiresAt = Math.min(at + session.idleMilliseconds, session.absoluteExpiresAt);
    const { sid } = session.principal;
    sessions.recordActivity(sid, new Date(at)).catch(() => {
      // The session lives on in the store for as long as the last write said: no session lives longer by this.
      logger.warn('session activity was not recorded', { event: 'session-activity-lost', sid });
    });
  };
}
