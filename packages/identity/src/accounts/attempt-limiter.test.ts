import fc from 'fast-check';
import type { Counters } from '@sallyport/core';
import { createInProcessCounters, createSealer } from '@sallyport/stores';
import { expect, it } from 'vitest';
import { createAttemptLimiter, type Attempt, type AttemptLimiter } from './attempt-limiter.ts';

const sealer = createSealer([{ version: 1, value: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' }])('counter-key');
const limit = { maxFailures: 3, windowSeconds: 60 };
const narrow = { name: 'narrow', subject: 'a', limit };
const wide = { name: 'wide', subject: 'all', limit: { maxFailures: 5, windowSeconds: 60 } };

let clock = 0;
const now = (): Date => new Date(clock);
const limiterOn = (counters: Counters = createInProcessCounters({ now })): AttemptLimiter =>
  createAttemptLimiter({ counters, sealer, now });

async function pass(limiter: AttemptLimiter, budgets = [narrow]): Promise<Attempt> {
  const attempt = await limiter.begin(budgets);
  if (attempt.kind === 'limited') throw new Error('limited');
  return attempt;
}

it('an attempt limiter lets exactly the limit through, whatever is under way at once, in two processes', async () => {
  // Every step picks a process and what becomes of the attempt that it begins, or of the oldest one under way.
  const step = fc.record({
    process: fc.integer({ min: 0, max: 1 }),
    // Often enough that the limit is reached, and met again after something was given back.
    act: fc.constantFrom('begin', 'begin', 'begin', 'fail', 'give-back', 'give-back', 'wait'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      clock = 1_000_000_000_000;
      const counters = createInProcessCounters({ now });
      const limiters = [limiterOn(counters), limiterOn(counters)];
      const running: Attempt[] = [];
      let failures = 0;
      for (const { process, act } of steps) {
        if (act === 'begin') {
          const attempt = await limiters[process]?.begin([narrow]);
          // All that failed or may still fail together never exceed the limit, and nothing is refused below it.
          expect(attempt?.kind).toBe(failures + running.length < limit.maxFailures ? 'allowed' : 'limited');
          if (attempt?.kind === 'allowed') running.push(attempt);
        } else if (act === 'fail') {
          const attempt = running.shift();
          attempt?.failed();
          if (attempt !== undefined) failures += 1;
        } else if (act === 'give-back') {
          await running.shift()?.giveBack();
        } else {
          clock += 1;
        }
      }
    }),
  );
});

it('an attempt limiter takes nothing from the next window when something is given back late', async () => {
  clock = 0;
  const limiter = limiterOn();
  const late = await pass(limiter);
  clock += limit.windowSeconds * 1000;
  for (let count = 0; count < 3; count += 1) (await pass(limiter)).failed();
  await late.giveBack();
  expect(await limiter.begin([narrow])).toMatchObject({ kind: 'limited' });
});

it('an attempt limiter counts what was refused under no other budget', async () => {
  clock = 0;
  const limiter = limiterOn();
  for (let count = 0; count < 3; count += 1) (await pass(limiter, [narrow, wide])).failed();
  for (let count = 0; count < 9; count += 1)
    expect(await limiter.begin([narrow, wide])).toMatchObject({ kind: 'limited', budget: 'narrow' });
  for (let count = 0; count < 2; count += 1) (await pass(limiter, [wide])).failed();
  expect(await limiter.begin([wide])).toMatchObject({ kind: 'limited', budget: 'wide' });
});

it('an attempt limiter gives back what was limited, under the budget that was used up and under those before it', async () => {
  clock = 0;
  const limiter = limiterOn();
  const running = [await pass(limiter), await pass(limiter), await pass(limiter)];
  for (let count = 0; count < 9; count += 1)
    expect(await limiter.begin([wide, narrow])).toMatchObject({ kind: 'limited', budget: 'narrow' });
  await running[0]?.giveBack();
  await pass(limiter, [wide, narrow]);
  for (let count = 0; count < 4; count += 1) await pass(limiter, [wide]);
});

it('an attempt limiter counts once what is given back twice, or after it failed', async () => {
  clock = 0;
  const limiter = limiterOn();
  const attempts = [await pass(limiter), await pass(limiter), await pass(limiter)];
  attempts[0]?.failed();
  for (const attempt of attempts) for (let time = 0; time < 2; time += 1) await attempt.giveBack();
  for (let count = 0; count < 2; count += 1) (await pass(limiter)).failed();
  expect(await limiter.begin([narrow])).toMatchObject({ kind: 'limited', isFirst: true });
  expect(await limiter.begin([narrow])).toMatchObject({ kind: 'limited', isFirst: false });
});

it('an attempt limiter gives back under the budgets that counted when a counter fails on the way', async () => {
  clock = 0;
  const counters = createInProcessCounters({ now });
  let calls = 0;
  const failing: Counters = {
    ...counters,
    increment: (key, seconds) =>
      (calls += 1) % 2 === 0 ? Promise.reject(new Error('down')) : counters.increment(key, seconds),
  };
  for (let count = 0; count < 5; count += 1)
    await expect(limiterOn(failing).begin([narrow, wide])).rejects.toThrow('down');
  for (let count = 0; count < 3; count += 1) await pass(limiterOn(counters));
});

it('an attempt limiter says the time until the window is over, at most its length', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2_000_000_000_000 }), fc.string(), async (at, subject) => {
      clock = at;
      const limiter = limiterOn();
      const budget = { name: 'narrow', subject, limit: { maxFailures: 1, windowSeconds: 60 } };
      (await pass(limiter, [budget])).failed();
      const limited = await limiter.begin([budget]);
      if (limited.kind === 'allowed') throw new Error('not limited');
      expect(limited.retryAfterSeconds).toBeGreaterThan(0);
      expect(limited.retryAfterSeconds).toBeLessThanOrEqual(60);
      clock += limited.retryAfterSeconds * 1000;
      await pass(limiter, [budget]);
    }),
  );
});
