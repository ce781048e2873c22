/** How long a refresh token that was used is answered again. */
export interface Grace {
  /** Whether an answer of a rotation at this time may have got lost only now. */
  includes(rotatedAt: Date): boolean;
  /** A refresh could not be answered, because something of ours failed. */
  noteFailure(): void;
}

/** Failures that are further apart belong to two outages. */
const sameOutageMilliseconds = 60_000;
/** A write whose outcome was never heard may be as much older than the failure that it became. */
const longestWriteMilliseconds = 30_000;

/**
 * Builds the grace. It begins with the rotation, or with the end of an outage in which the rotation fell: a client that was
 * answered 503 for ten minutes must not be taken for a thief when it tries again. The end of an outage is the last answer
 * that failed here.
 */
export function createGrace(seconds: number, now: () => Date): Grace {
  let beganAt = -Infinity;
  let failedAt = -Infinity;
  return {
    includes(rotatedAt) {
      const at = now().getTime();
      const rotated = rotatedAt.getTime();
      const isOfOutage = rotated >= beganAt - longestWriteMilliseconds && rotated <= failedAt;
      return at - (isOfOutage ? failedAt : rotated) <= seconds * 1000;
    },
    noteFailure() {
      const at = now().getTime();
      if (at - failedAt > sameOutageMilliseconds) beganAt = at;
      failedAt = at;
    },
  };
}
