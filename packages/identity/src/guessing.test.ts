import { createInProcessCounters } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdentityOptions } from './identity.ts';
import { guessLimits } from './accounts/guess-limits.ts';
import { goodPassword, startHarness, type Answer, type Harness } from './identity.test-support.ts';

const email = 'robin@example.test';
const stranger = 'unknown@x.test';
const wrong = 'not the password';

const wide = { maxFailures: 1000, windowSeconds: 900 };
const noLimits = { accountFromNetwork: wide, network: wide, account: wide, device: wide };

let harness: Harness;
const start = async (guessLimits?: Partial<NonNullable<IdentityOptions['guessLimits']>>): Promise<void> => {
  harness = await startHarness(guessLimits === undefined ? {} : { guessLimits: { ...noLimits, ...guessLimits } });
  await harness.makeUser(email);
};
afterEach(() => harness.close());

interface Guess {
  readonly address?: string;
  readonly password?: string;
  readonly account?: string;
  /** The value of the device cookie. */
  readonly device?: string;
}

const guessAt = ({ call }: Harness, { address = '198.51.100.1', password = wrong, account = email, device }: Guess) =>
  call(
    'POST',
    '/auth/sign-in/email',
    { email: account, password },
    { address, headers: device === undefined ? {} : { cookie: `sallyport-3000-device=${device}` } },
  );
const guess = (options: Guess = {}): Promise<Answer> => guessAt(harness, options);
const guesses = (count: number, options: Guess = {}): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, () => guess(options)));
const statuses = (answers: readonly Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;

const deviceOf = (answer: Answer): string => {
  const cookie = answer.headers.getSetCookie().find((value) => value.startsWith('sallyport-3000-device='));
  return cookie?.slice('sallyport-3000-device='.length).split(';')[0] ?? '';
};
/** Signs in as the owner, from elsewhere, and resolves to the device cookie. */
const knownDevice = async (): Promise<string> =>
  deviceOf(await guess({ password: goodPassword, address: '203.0.113.9' }));
const reasons = async (): Promise<readonly unknown[]> => (await harness.events()).map(({ details }) => details);

describe('guessing at one account from one network', () => {
  it('is stopped after twenty failures, also with the right password', async () => {
    await start();
    expect(statuses(await guesses(20), 401)).toBe(20);
    const limited = await guess({ password: goodPassword });
    expect(limited).toMatchObject({ status: 429, body: { code: 'SP_TOO_MANY_ATTEMPTS' }, cookie: undefined });
    expect(limited.headers.getSetCookie()).toEqual([]);
    const retryAfter = Number(limited.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(guessLimits.parse({}).accountFromNetwork.windowSeconds);
    harness.advance(retryAfter);
    expect((await guess({ password: goodPassword })).status).toBe(200);
  });

  describe('with a limit of four', () => {
    beforeEach(() => start({ accountFromNetwork: { maxFailures: 4, windowSeconds: 900 } }));

    it('does not pass the limit by coming all at once', async () => {
      const answers = await guesses(12);
      expect([statuses(answers, 401), statuses(answers, 429)]).toEqual([4, 8]);
    });

    it('does not lock the owner out, who comes from elsewhere', async () => {
      await guesses(8);
      expect((await guess({ address: '203.0.113.9', password: goodPassword })).status).toBe(200);
    });

    it('is counted for the whole network of an IPv6 address', async () => {
      for (let count = 0; count < 4; count += 1) await guess({ address: `2001:db8:1:2::${count.toString(16)}` });
      expect((await guess({ address: '2001:db8:1:2:ffff::1' })).status).toBe(429);
      expect((await guess({ address: '2001:db8:1:3::1', password: goodPassword })).status).toBe(200);
    });

    it('is counted for an IPv4 address in whichever form it comes', async () => {
      await guesses(4, { address: '198.51.100.1' });
      expect((await guess({ address: '::ffff:198.51.100.1' })).status).toBe(429);
    });

    it('is limited for an account that does not exist, in the same words', async () => {
      await guesses(4);
      await guesses(4, { account: stranger });
      const [known, unknown] = [await guess(), await guess({ account: stranger })];
      expect([known.status, unknown.status]).toEqual([429, 429]);
      expect(known.text).toBe(unknown.text);
      const names = ({ headers }: Answer) => [...headers.keys()];
      expect(names(known)).toEqual(names(unknown));
    });

    it('does not count a sign-in that succeeds', async () => {
      for (let count = 0; count < 10; count += 1) expect((await guess({ password: goodPassword })).status).toBe(200);
    });

    it('is recorded once when the limit is reached, not for each of the thousand that follow', async () => {
      for (let count = 0; count < 8; count += 1) await guess();
      const found = await reasons();
      expect(found.filter((details) => details === '{"reason":"too-many-attempts"}')).toHaveLength(1);
      expect(found.filter((details) => details === '{"reason":"credentials-invalid"}')).toHaveLength(4);
    });
  });
});

describe('trying many accounts from one network', () => {
  beforeEach(() => start({ network: { maxFailures: 6, windowSeconds: 900 } }));

  it('is stopped, whichever accounts there are', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => guess({ account: `person-${index}@x.test` })),
    );
    expect([statuses(answers, 401), statuses(answers, 429)]).toEqual([6, 4]);
    expect((await guess()).status).toBe(429);
  });

  it('is not made good by signing in to an account of one’s own', async () => {
    for (let index = 0; index < 6; index += 1) {
      await guess({ account: `person-${index}@x.test` });
      if (index < 5) expect((await guess({ password: goodPassword })).status).toBe(200);
    }
    expect((await guess({ account: 'another@x.test' })).status).toBe(429);
  });

  it('does not shut out neighbours behind the same address whose device is known', async () => {
    const device = await knownDevice();
    await guesses(10, { account: stranger });
    expect((await guess({ password: goodPassword })).status).toBe(429);
    expect((await guess({ password: goodPassword, device })).status).toBe(200);
  });
});

describe('guessing at one account from many networks', () => {
  beforeEach(() =>
    start({
      account: { maxFailures: 5, windowSeconds: 3600 },
      device: { maxFailures: 3, windowSeconds: 86_400 },
    }),
  );
  const attack = (account = email): Promise<Answer[]> =>
    Promise.all(Array.from({ length: 9 }, (_, index) => guess({ address: `192.0.2.${index}`, account })));

  it('is stopped for unknown devices', async () => {
    const answers = await attack();
    expect([statuses(answers, 401), statuses(answers, 429)]).toEqual([5, 4]);
    expect((await guess({ address: '192.0.2.200', password: goodPassword })).status).toBe(429);
  });

  it('does not lock out the owner on a device that signed in before', async () => {
    const device = await knownDevice();
    await attack();
    expect((await guess({ address: '192.0.2.200', password: goodPassword, device })).status).toBe(200);
  });

  it('does not lock out the owner who chooses a new password by mail', async () => {
    await attack();
    await harness.call('POST', '/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password');
    const newPassword = 'another-violet-kettle-9';
    const reset = await harness.call('POST', '/auth/reset-password', { token, newPassword });
    expect(reset.status).toBe(200);
    expect((await guess({ password: newPassword })).status).toBe(429);
    expect((await guess({ password: newPassword, device: deviceOf(reset) })).status).toBe(200);
  });

  it('gets the same answer, with the same time to wait, for an account that does not exist', async () => {
    const [known, unknown] = [await attack(), await attack(stranger)].map((answers) =>
      answers.find(({ status }) => status === 429),
    );
    expect(known?.text).toBe(unknown?.text);
    expect(Number(known?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(unknown?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('ends the trust in a device that fails too often, and in no other', async () => {
    const [device, other] = [await knownDevice(), await knownDevice()];
    await attack();
    const answers = await guesses(5, { device });
    expect([statuses(answers, 401), statuses(answers, 429)]).toEqual([3, 2]);
    expect((await guess({ device, password: goodPassword })).status).toBe(429);
    expect((await guess({ device: other, password: goodPassword })).status).toBe(200);
  });

  it('counts a device that failed too often like an unknown one, and no worse', async () => {
    const device = await knownDevice();
    expect(statuses(await guesses(4, { device }), 401)).toBe(4);
    expect((await guess({ device, password: goodPassword })).status).toBe(200);
    const answers = await guesses(6, { device });
    // One of the four before counted for the account, whose limit is five.
    expect([statuses(answers, 401), statuses(answers, 429)]).toEqual([4, 2]);
  });

  it('gives a device a new budget with each sign-in, and leaves what was guessed with the old cookie behind', async () => {
    const stolen = await knownDevice();
    await attack();
    const own = deviceOf(await guess({ password: goodPassword, device: stolen }));
    expect(own).not.toBe(stolen);
    await guesses(4, { device: stolen });
    expect((await guess({ password: goodPassword, device: stolen })).status).toBe(429);
    expect((await guess({ password: goodPassword, device: own })).status).toBe(200);
  });

  it.each([
    { name: 'made up', forge: (device: string) => device.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) },
    { name: 'empty', forge: () => '' },
    { name: 'longer than any', forge: (device: string) => `${device}~`.repeat(20) },
    { name: 'that comes twice with two values', forge: (device: string) => `${device}; sallyport-3000-device=other` },
    { name: 'in quotes', forge: (device: string) => `"${device}"` },
    { name: 'with a later date', forge: (device: string) => device.replace(/^\w+/, 'zzzzzzz') },
  ])('takes no device cookie for known that is $name', async ({ forge }) => {
    const device = await knownDevice();
    await attack();
    expect((await guess({ password: goodPassword, device: forge(device) })).status).toBe(429);
  });

  it('takes no device for known that signed in to another account', async () => {
    await harness.makeUser('other@example.test');
    const answer = await guess({ account: 'other@example.test', password: goodPassword });
    await attack();
    expect((await guess({ password: goodPassword, device: deviceOf(answer) })).status).toBe(429);
  });

  it('knows a device for each of the people who share it', async () => {
    await harness.makeUser('other@example.test');
    const first = await knownDevice();
    const both = deviceOf(await guess({ account: 'other@example.test', password: goodPassword, device: first }));
    await attack();
    await attack('other@example.test');
    const own = await guess({ password: goodPassword, device: both });
    expect(own.status).toBe(200);
    const other = { account: 'other@example.test', password: goodPassword, device: deviceOf(own) };
    expect((await guess(other)).status).toBe(200);
  });

  it('forgets a device that was not used for half a year, and one from before a new password', async () => {
    const device = await knownDevice();
    harness.advance(181 * 86_400);
    await attack();
    expect((await guess({ password: goodPassword, device })).status).toBe(429);
    const user = await harness.identity.accounts.findByEmail(email);
    harness.advance(3600);
    const fresh = await knownDevice();
    await harness.identity.accounts.setRoles(user?.id ?? '', ['vendor']);
    await attack();
    expect((await guess({ password: goodPassword, device: fresh })).status).toBe(429);
  });
});

describe('two gateways on the same counters', () => {
  it('let no more guesses through than one', async () => {
    harness = await startHarness();
    const counters = createInProcessCounters();
    const guessLimits = { ...noLimits, account: { maxFailures: 7, windowSeconds: 3600 } };
    const gateways = await Promise.all([
      startHarness({ counters, guessLimits }),
      startHarness({ counters, guessLimits }),
    ]);
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) => {
        const gateway = gateways[index % 2];
        if (gateway === undefined) throw new TypeError('there are two gateways');
        return guessAt(gateway, { address: `192.0.2.${index}`, account: stranger });
      }),
    );
    expect([statuses(answers, 401), statuses(answers, 429)]).toEqual([7, 17]);
    for (const gateway of gateways) await gateway.close();
  });
});
