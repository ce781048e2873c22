/** Says for each message whether it is still within the rate. */
export type MessageRate = () => boolean;

/** Builds a token bucket for one connection: so many messages in a second, and twice as many at once after a pause. */
export function createMessageRate(perSecond: number, now: () => number = () => performance.now()): MessageRate {
  const capacity = perSecond * 2;
  let tokens = capacity;
  let filledAt = now();
  return () => {
    const at = now();
    tokens = Math.min(capacity, tokens + ((at - filledAt) / 1000) * perSecond);
    filledAt = at;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
