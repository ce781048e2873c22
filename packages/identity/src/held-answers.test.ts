import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, startHarness, type Harness } from './identity.test-support.ts';

const known = 'known@example.test';
const floor = 300;

let harness: Harness;
let waits: number[];
beforeEach(async () => {
  waits = [];
  // Time does not pass here: how long an answer would be held back is noted instead.
  harness = await startHarness({
    answerFloorMilliseconds: floor,
    wait: async (milliseconds) => void waits.push(milliseconds),
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
      await harness.call('POST', path, { ...body, email });
      expect(waits).toHaveLength(1);
      expect(waits[0]).toBeGreaterThanOrEqual(0);
      expect(waits[0]).toBeLessThanOrEqual(floor);
    }
  });
});
