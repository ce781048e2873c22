import type { SessionTimes } from '@sallyport/core';
import type { CachedSession } from '../sessions/session-cache.ts';

/** Until when a session lives, as its browser is told. */
export function toSessionTimes(session: CachedSession): SessionTimes {
  const { idleExpiresAt, absoluteExpiresAt, idleMilliseconds } = session;
  return {
    idleExpiresAt: new Date(idleExpiresAt).toISOString(),
    absoluteExpiresAt: new Date(absoluteExpiresAt).toISOString(),
    idleSeconds: idleMilliseconds / 1000,
  };
}
