import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chosen, email, mallory, robin, startAddressClaim } from './address-proof.test-support.ts';
import type { Browser } from './browser.test-support.ts';
import { canRace, onDatabase, roundsOf, type Harness } from './identity.test-support.ts';

let harness: Harness;
let owner: Browser;
let phone: Browser;
let stranger: Browser;
beforeEach(async () => {
  ({ harness, owner, phone, stranger } = await startAddressClaim());
});
afterEach(() => harness.close());

const byReset = chosen.newPassword;
const byPhone = 'fourth-violet-kettle-13';

const signUpAgain = () => stranger.post('/auth/sign-up/email', mallory);
const signUpMany = () => Promise.all(Array.from({ length: 4 }, signUpAgain));
const statusOf = async (answer: ReturnType<Browser['post']>): Promise<number> => (await answer).status;

describe.skipIf(!canRace())(onDatabase('sign-up, confirmation and reset at the same moment'), () => {
  it.each(Array.from({ length: roundsOf(12) }, (_, index) => ({ index })))(
    'leave one account, which the stranger cannot sign in to (round $index)',
    async ({ index }) => {
      await owner.post('/auth/sign-up/email', robin);
      await owner.post('/auth/request-password-reset', { email });
      const [token, resetToken] = await Promise.all([
        harness.linkToken(email, 'verify-email', 2),
        harness.linkToken(email, 'reset-password', 2),
      ]);
      const racers = [
        () => statusOf(owner.post('/auth/verify-email', { token })),
        () => statusOf(phone.post('/auth/verify-email', { token, name: 'Robin', newPassword: byPhone })),
        () => statusOf(owner.post('/auth/reset-password', { token: resetToken, newPassword: byReset })),
        () => statusOf(signUpMany().then(([first]) => first ?? raise())),
        () => statusOf(harness.call('POST', '/auth/send-verification-email', { email })),
      ];
      // Another one is first each time.
      const order = racers.map((_, place) => (place + index) % racers.length);
      const outcomes = new Map<number, number>();
      await Promise.all(order.map(async (racer) => outcomes.set(racer, (await racers[racer]?.()) ?? 0)));

      const [confirmed, anew, reset] = [0, 1, 2].map((racer) => outcomes.get(racer) ?? 0);
      for (const status of [confirmed, anew, reset]) expect([200, 400, 409]).toContain(status);
      expect(outcomes.get(3)).toBe(200);
      expect(outcomes.get(4)).toBe(200);
      expect(await harness.database.records.count({ model: 'user' })).toBe(1);
      expect(await harness.database.records.count({ model: 'account' })).toBe(1);
      // One mailed link confirms once.
      expect([confirmed, anew].filter((status) => status === 200).length).toBeLessThanOrEqual(1);

      const user = await harness.identity.accounts.findByEmail(email);
      const isProved = [confirmed, anew, reset].includes(200);
      expect(user).toMatchObject({ emailVerified: isProved });
      expect((await stranger.signIn(email, mallory.password)).status).toBe(isProved ? 401 : 403);
      if (!isProved) return;
      expect(user?.name).not.toBe(mallory.name);
      const works = await Promise.all(
        [robin.password, byPhone, byReset].map(async (password) => (await owner.signIn(email, password)).status),
      );
      expect(works.filter((status) => status === 200)).toHaveLength(1);
      // What was chosen by reset is what holds, whichever came first.
      if (reset === 200) expect(works).toEqual([401, 401, 200]);
    },
  );

  it('let one proof win of many that use the same link in many ways', async () => {
    await owner.post('/auth/sign-up/email', robin);
    const token = await harness.linkToken(email, 'verify-email');
    const statuses = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        statusOf(
          owner.post('/auth/verify-email', index % 2 === 0 ? { token } : { token, name: 'R', newPassword: byPhone }),
        ),
      ),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status !== 200 && status !== 400 && status !== 409)).toEqual([]);
  });

  it('give way to an import or are confirmed, never both', async () => {
    await owner.post('/auth/sign-up/email', robin);
    const token = await harness.linkToken(email, 'verify-email');
    const record = { name: 'From the file', email, emailVerified: true, roles: ['vendor'] };
    const [confirmed, made] = await Promise.all([
      statusOf(owner.post('/auth/verify-email', { token })),
      harness.identity.accounts.importUsers([record]),
    ]);
    expect([confirmed, made]).toEqual(confirmed === 200 ? [200, 0] : [400, 1]);
    expect(await harness.identity.accounts.findByEmail(email)).toMatchObject({
      emailVerified: true,
      roles: confirmed === 200 ? ['user'] : ['vendor'],
    });
    expect((await owner.signIn(email, robin.password)).status).toBe(confirmed === 200 ? 200 : 401);
  });
});

function raise(): never {
  throw new Error('no sign-up was made');
}
