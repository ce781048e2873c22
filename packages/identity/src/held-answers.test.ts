import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HashingJob } from './hashing/hashing-job.ts';
import { cheapHashing } from './hashing/in-process-hashing.test-support.ts';
import { goodPassword, startHarness, type Harness } from './identity.test-support.ts';

const known = 'known@example.test';
const floor = 300;

let harness: Harness;
let waits: number[];
let now: number;
beforeEach(async () => {
  waits = [];
  now = 0;
  // Time does not pass here: how long an answer would be held back is noted instead.
  harness = await startHarness({
    answerFloorMilliseconds: floor,
    wait: async (milliseconds) => void waits.push(milliseconds),
    clock: () => now,
    hashingThreads: {
      ...cheapHashing,
      run: (job) => {
        now += millisecondsOf(job);
        return cheapHashing.run(job);
      },
    },
  });
  await harness.makeUser(known);
});
afterEach(() => harness.close());

const person = { name: 'Robin Doe', password: goodPassword };

describe('the answer floor', () => {
  it.each([
    { request: 'a sign-in with the right password', path: '/auth/sign-in/email', body: { password: goodPassword } },
    { request: 'a sign-in with a wrong password', path: '/auth/sign-in/email', body: { password: 'wrong password' } },
    { request: 'a sign-up', path: '/auth/sign-up/email', body: person },
    { request: 'a request for another verification mail', path: '/auth/send-verification-email', body: {} },
    { request: 'a request for a password reset', path: '/auth/request-password-reset', body: {} },
    { request: 'a sign-in without a password', path: '/auth/sign-in/email', body: {} },
  ])('holds back the answer to $request, for known and unknown addresses', async ({ path, body }) => {
    for (const email of [known, 'unknown@example.test']) {
      waits = [];
      const begun = now;
      await harness.call('POST', path, { ...body, email });
      // Nothing else takes time here, so that both together are the floor.
      expect(waits).toEqual([floor - (now - begun)]);
    }
  });

  it.each([12, 13])('is above what a stored bcrypt hash of cost %i takes, for every address', async (cost) => {
    const passwordHash = `$2b$${cost}$${'a'.repeat(21)}e${'b'.repeat(30)}e`;
    const record = { name: 'R', email: 'imported@example.test', emailVerified: true, roles: [], passwordHash };
    await harness.identity.accounts.importUsers([record]);
    await harness.identity.followStoredHashes();
    const times = [];
    for (const email of ['imported@example.test', known, 'unknown@example.test']) {
      waits = [];
      const begun = now;
      expect((await harness.call('POST', '/auth/sign-in/email', { email, password: 'wrong' })).status).toBe(401);
      times.push(now - begun + (waits[0] ?? Number.NaN));
    }
    expect(new Set(times).size).toBe(1);
    expect(times[0]).toBeGreaterThan(bcryptMilliseconds(cost));
  });
});

const bcryptMilliseconds = (cost: number): number => 605 * 2 ** (cost - 12);

function millisecondsOf(job: HashingJob): number {
  const [, cost] = (job.kind === 'verify' && /^\$2b\$(\d\d)\$/.exec(job.hash)) || [];
  return cost === undefined ? 90 : bcryptMilliseconds(Number(cost));
}
