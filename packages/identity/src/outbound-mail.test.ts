import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, startHarness, type Harness, type RequestOptions } from './identity.test-support.ts';

let test: Harness;
afterEach(() => test.close());

const signUp = (email: string, options: RequestOptions = {}) =>
  test.call('POST', '/auth/sign-up/email', { name: 'Ann', email, password: goodPassword }, options);
const askForReset = (email: string, options: RequestOptions = {}) =>
  test.call('POST', '/auth/request-password-reset', { email }, options);
const strangers = (count: number, of = 'a') =>
  Array.from({ length: count }, (_, index) => `${of}${index}@stranger.test`);
const countMails = async (addresses: readonly string[]): Promise<number> => {
  let count = 0;
  for (const address of addresses) count += (await test.mailTo(address, 0)).length;
  return count;
};
const networks = (count: number) => Array.from({ length: count }, (_, index) => `198.51.100.${index + 1}`);

describe('mails that one network asks for', () => {
  beforeEach(async () => {
    test = await startHarness();
  });

  it('reach 30 of 60 strangers, and the answers are the same', async () => {
    const addresses = strangers(60);
    const answers = new Set<string>();
    for (const address of addresses) {
      const { status, text } = await signUp(address, { address: '203.0.113.7' });
      answers.add(`${status} ${text}`);
    }
    expect(answers.size).toBe(1);
    await test.mailTo(addresses[29] ?? '', 1);
    expect(await countMails(addresses)).toBe(30);
    // What gets no mail leaves no account.
    expect(await test.dump()).not.toContain('a59@stranger.test');
    expect(test.logLines.filter((line) => line.includes('mail-network-limited'))).toHaveLength(1);
  });

  it('are counted over sign-up, the link anew and resets, and over all addresses of a /64', async () => {
    for (const [index, address] of strangers(29).entries()) await signUp(address, { address: `2001:db8::${index}` });
    await test.call(
      'POST',
      '/auth/send-verification-email',
      { email: 'a0@stranger.test' },
      { address: '2001:db8::ffff' },
    );
    await signUp('late@stranger.test', { address: '2001:db8::1' });
    await signUp('other@stranger.test', { address: '2001:db8:0:1::1' });
    await test.mailTo('other@stranger.test', 1);
    expect(await test.mailTo('a0@stranger.test', 2)).toHaveLength(2);
    expect(await countMails(['late@stranger.test'])).toBe(0);
  });

  it('are sent again once the window is over', async () => {
    for (const address of strangers(31)) await signUp(address, { address: '203.0.113.7' });
    expect(await countMails(['a30@stranger.test'])).toBe(0);
    test.advance(900);
    await signUp('a30@stranger.test', { address: '203.0.113.7' });
    expect(await test.mailTo('a30@stranger.test', 1)).toHaveLength(1);
  });

  it('use nothing up of what the address of an owner may get, once they are left out', async () => {
    await test.makeUser('owner@acme.test');
    for (const owner of ['b1@acme.test', 'b2@acme.test', 'b3@acme.test']) {
      await test.makeUser(owner);
      for (let count = 0; count < 10; count += 1) await askForReset(owner, { address: '203.0.113.7' });
    }
    for (let count = 0; count < 12; count += 1) await askForReset('owner@acme.test', { address: '203.0.113.7' });
    expect(await countMails(['owner@acme.test'])).toBe(0);
    await askForReset('owner@acme.test', { address: '192.0.2.1' });
    expect(await test.mailTo('owner@acme.test', 1)).toHaveLength(1);
  });
});

describe('mails that all networks ask for', () => {
  beforeEach(async () => {
    test = await startHarness({ mailLimits: { perNetwork: { max: 2 }, toStrangers: { max: 5 } } });
  });

  it('reach so many strangers, whatever number of networks asks, and raise an alarm', async () => {
    const addresses = strangers(12);
    for (const [index, network] of networks(12).entries()) await signUp(addresses[index] ?? '', { address: network });
    await test.mailTo(addresses[4] ?? '', 1);
    expect(await countMails(addresses)).toBe(5);
    expect(test.logLines.filter((line) => line.includes('mail-limit-used-up'))).toHaveLength(1);
  });

  it('reach an owner when those to strangers are used up', async () => {
    await test.makeUser('owner@acme.test');
    for (const [index, network] of networks(12).entries())
      await signUp(`a${index}@stranger.test`, { address: network });
    await askForReset('owner@acme.test', { address: '192.0.2.1' });
    expect(await test.mailTo('owner@acme.test', 1)).toHaveLength(1);
  });

  it('are not used up by what one network asks for beyond its own', async () => {
    for (const address of strangers(20)) await signUp(address, { address: '203.0.113.7' });
    for (const [index, network] of networks(3).entries()) await signUp(`c${index}@stranger.test`, { address: network });
    await test.mailTo('c2@stranger.test', 1);
    expect(await countMails(['c0@stranger.test', 'c1@stranger.test', 'c2@stranger.test'])).toBe(3);
  });
});

it.each([{ perNetwork: { max: 0 } }, { toStrangers: { windowSeconds: 0 } }, { perNetwork: { maxFailures: 1 } }])(
  'the limits %j build no identity',
  async (mailLimits) => {
    test = await startHarness();
    await expect(startHarness({ mailLimits })).rejects.toThrow(/mailLimits/);
  },
);
