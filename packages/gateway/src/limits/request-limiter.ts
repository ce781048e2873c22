import { SallyportError, type LeastRecentlyUsed, type NamedRequestLimit } from '@sallyport/core';

/** Counts the requests of many subjects against one limit. */
export interface RequestLimiter {
  readonly limit: NamedRequestLimit;
  /** Throws `SP_TOO_MANY_REQUESTS` when the limit is used up. Counts nothing. */
  requireRoom(subject: string, at: number): void;
  /** Counts a request. Throws `SP_TOO_MANY_REQUESTS`, and counts nothing, when the limit is used up. */
  take(subject: string, at: number): void;
  /** How it stands for a subject, as far as it is known here. Counts nothing. */
  look(subject: string, at: number): LimitStanding;
}

/** What is left of a limit. */
export interface LimitStanding {
  readonly left: number;
  /** Until one more passes; 0 when one would now. */
  readonly retryAfterSeconds: number;
}

/** The requests of one subject, in the window of now and the one before. */
export interface Bucket {
  readonly subject: string;
  /** Windows are numbered by the clock, so that all gateways count in the same ones. */
  window: number;
  /** All requests known: counted here, and by other gateways as of the last synchronisation. */
  count: number;
  before: number;
  /** Part of `count` that is not yet synchronised with the other gateways. */
  pendingDelta: number;
  isQueued: boolean;
}

export interface RequestLimiterParts {
  readonly limit: NamedRequestLimit;
  /** What is counted, by subject. Belongs to the caller that built it: another limiter of the same windows may go on with it. */
  readonly buckets: LeastRecentlyUsed<Bucket>;
  /** Queues a bucket for synchronisation; absent where this gateway counts alone. */
  readonly share: ((bucket: Bucket) => void) | undefined;
  readonly onRefusal: () => void;
}

/** A bucket is synchronised once it holds this part of the limit: less is not worth a command of the store. */
const syncThreshold = 1 / 8;

/** Parts of a window are fractions, and whole numbers of requests are not to fail by the last bit of one. */
const rounding = 1e-6;

/**
 * Builds the limiter: a sliding window, made of the count in this window and of that part of the one before which still
 * lies within the time of the limit. It decides from memory alone and never waits.
 */
export function createRequestLimiter(parts: RequestLimiterParts): RequestLimiter {
  const { limit, buckets, share, onRefusal } = parts;
  const { max } = limit;
  const milliseconds = limit.seconds * 1000;
  const syncFrom = max * syncThreshold;

  const bucketOf = (subject: string, window: number): Bucket => {
    const known = buckets.get(subject);
    if (known !== undefined) {
      if (known.window !== window) turn(known, window);
      return known;
    }
    const bucket = { subject, window, count: 0, before: 0, pendingDelta: 0, isQueued: false };
    buckets.set(subject, bucket);
    return bucket;
  };

  const bucketWithRoom = (subject: string, at: number): Bucket => {
    const position = at / milliseconds;
    const window = Math.floor(position);
    const bucket = bucketOf(subject, window);
    const passed = position - window;
    if (bucket.before * (1 - passed) + bucket.count + 1 > max + rounding) {
      onRefusal();
      throw tooManyRequests(limit, secondsUntilFree(bucket, passed, limit));
    }
    return bucket;
  };

  return {
    limit,
    look: (subject, at) => {
      const bucket = buckets.get(subject);
      const window = Math.floor(at / milliseconds);
      const isCounted = bucket !== undefined && bucket.window >= window - 1;
      if (!isCounted) return { left: max, retryAfterSeconds: 0 };
      const current = bucket.window === window ? bucket : { ...bucket, window, before: bucket.count, count: 0 };
      const passed = at / milliseconds - window;
      const left = Math.max(0, Math.floor(max - current.before * (1 - passed) - current.count + rounding));
      return { left, retryAfterSeconds: left > 0 ? 0 : secondsUntilFree(current, passed, limit) };
    },
    requireRoom: (subject, at) => void bucketWithRoom(subject, at),
    take: (subject, at) => {
      const bucket = bucketWithRoom(subject, at);
      bucket.count++;
      if (share === undefined) return;
      bucket.pendingDelta++;
      if (!bucket.isQueued && bucket.count >= syncFrom) share(bucket);
    },
  };
}

/** The same limiter for a synthetic request: it refuses alike, and counts nothing. */
export function toWatchedLimiter(limiter: RequestLimiter): RequestLimiter {
  const { limit } = limiter;
  const requireRoom = (subject: string, at: number): void => {
    const { left, retryAfterSeconds } = limiter.look(subject, at);
    if (left === 0) throw tooManyRequests(limit, retryAfterSeconds);
  };
  return { limit, look: (subject, at) => limiter.look(subject, at), requireRoom, take: requireRoom };
}

function tooManyRequests(requestLimit: NamedRequestLimit, retryAfterSeconds: number): SallyportError {
  return new SallyportError('SP_TOO_MANY_REQUESTS', { reason: 'request-limit', retryAfterSeconds, requestLimit });
}

function turn(bucket: Bucket, window: number): void {
  bucket.before = bucket.window === window - 1 ? bucket.count : 0;
  bucket.window = window;
  bucket.count = 0;
  bucket.pendingDelta = 0;
}

/** When one more would pass, if nothing else came meanwhile. */
function secondsUntilFree({ before, count }: Bucket, passed: number, { max, seconds }: NamedRequestLimit): number {
  // Within this window, as the one before goes out of sight; or, when this one is full, within the next.
  const isWithin = count < max;
  const wait = isWithin ? 1 - (max - 1 - count) / before - passed : 2 - (max - 1) / count - passed;
  return Math.max(1, Math.ceil(wait * seconds - rounding));
}
