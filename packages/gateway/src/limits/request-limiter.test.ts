import { createLeastRecentlyUsed, type SallyportError } from '@sallyport/core';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRequestLimiter, type Bucket, type RequestLimiter } from './request-limiter.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

let queued: Bucket[] = [];
let refusals = 0;
beforeEach(() => {
  queued = [];
  refusals = 0;
});

function limiter(max: number, seconds: number, maxSubjects = 100): RequestLimiter {
  return createRequestLimiter({
    limit: { name: 'api-address', max, seconds },
    buckets: createLeastRecentlyUsed(maxSubjects),
    share: (bucket) => {
      bucket.isQueued = true;
      queued.push(bucket);
    },
    onRefusal: () => refusals++,
  });
}

/** How many of so many tries pass at one moment. */
function passed(limited: RequestLimiter, tries: number, atSeconds: number, subject = 'a'): number {
  let count = 0;
  for (let index = 0; index < tries; index++) if (refusalOf(limited, atSeconds, subject) === undefined) count++;
  return count;
}

function refusalOf(limited: RequestLimiter, atSeconds: number, subject = 'a'): SallyportError | undefined {
  try {
    limited.take(subject, start + atSeconds * 1000);
    return undefined;
  } catch (error) {
    return error as SallyportError; // The only thing that it throws.
  }
}

describe('a limit on requests', () => {
  it('lets so many through and no more, for each subject', () => {
    const limited = limiter(5, 60);
    expect([passed(limited, 9, 0), passed(limited, 9, 0, 'b')]).toEqual([5, 5]);
    expect(refusals).toBe(8);
  });

  it('says what the limit is and when one more will pass', () => {
    const limited = limiter(5, 60);
    passed(limited, 5, 0);
    expect(refusalOf(limited, 20)).toMatchObject({
      code: 'SP_TOO_MANY_REQUESTS',
      reason: 'request-limit',
      retryAfterSeconds: 52,
      requestLimit: { name: 'api-address', max: 5, seconds: 60 },
    });
  });

  it('is not doubled by a client that waits for the turn of a window', () => {
    const limited = limiter(100, 60);
    expect(passed(limited, 100, 59)).toBe(100);
    // A second later nothing of it is forgotten but a sixtieth.
    expect(passed(limited, 100, 61)).toBe(1);
  });

  it('forgets what is two windows ago', () => {
    const limited = limiter(5, 60);
    passed(limited, 5, 0);
    expect(passed(limited, 9, 120)).toBe(5);
  });

  it('does not count what it refuses, so that who goes on trying is not shut out for ever', () => {
    const limited = limiter(5, 60);
    passed(limited, 1000, 0);
    expect(passed(limited, 9, 90)).toBe(2);
  });

  it('never lets more through in any stretch of its time than twice the limit, nor the wait be wrong', () => {
    const moments = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 20 }), (gaps, max) => {
        const limited = limiter(max, 10);
        const allowed: number[] = [];
        let at = 0;
        for (const gap of gaps) {
          at += gap;
          const refusal = refusalOf(limited, at / 1000);
          if (refusal === undefined) allowed.push(at);
          else if (refusal.retryAfterSeconds !== undefined) {
            at += refusal.retryAfterSeconds * 1000;
            expect(refusalOf(limited, at / 1000)).toBeUndefined();
            allowed.push(at);
          }
          const recent = allowed.filter((other) => other > at - 10_000);
          expect(recent.length).toBeLessThanOrEqual(max * 2);
        }
      }),
    );
  });

  it('remembers no more subjects than it may', () => {
    const limited = limiter(1, 60, 10);
    for (let index = 0; index < 100; index++) passed(limited, 1, 0, `subject-${index}`);
    expect([passed(limited, 1, 0, 'subject-99'), passed(limited, 1, 0, 'subject-0')]).toEqual([0, 1]);
  });
});

describe('the counts that other gateways get', () => {
  it('is nothing of subjects that are far from the limit', () => {
    const limited = limiter(80, 60);
    passed(limited, 9, 0);
    expect(queued).toEqual([]);
    passed(limited, 1, 0);
    expect(queued).toMatchObject([{ subject: 'a', count: 10, pendingDelta: 10 }]);
  });

  it('is queued once', () => {
    passed(limiter(8, 60), 8, 0);
    expect(queued).toHaveLength(1);
  });

  it('is not carried into the next window', () => {
    const limited = limiter(8, 60);
    passed(limited, 4, 0);
    passed(limited, 1, 60);
    expect(queued[0]).toMatchObject({ before: 4, count: 1, pendingDelta: 1 });
  });
});
