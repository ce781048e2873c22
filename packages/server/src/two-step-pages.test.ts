import { createHmac } from 'node:crypto';
import type { Message } from '@sallyport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlainBrowser, type PlainBrowser, type ShownPage } from './test-support/plain-browser.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';

let gateway: TestGateway;
const mails: Message[] = [];

beforeAll(async () => {
  const mailer = { send: (message: Message) => Promise.resolve(void mails.push(message)) };
  gateway = await startTestGateway({
    config: {
      secondFactor: { methods: ['totp', 'email', 'sms'], requiredFor: ['admin'] },
      // Recovery codes are hashed, all ten at once.
      passwords: { answerFloorMilliseconds: 100, hashing: { maxWaitingOfOne: 256, maxWaitSeconds: 60 } },
    },
    gateway: { mailer },
  });
});
afterAll(() => gateway.close());

const [user, vendor, admin] = testAccounts as [TestAccount, TestAccount, TestAccount]; // One account of each role.
type TestAccount = (typeof testAccounts)[number];

async function signIn(browser: PlainBrowser, account: TestAccount, returnTo = '/'): Promise<ShownPage> {
  const page = await browser.open(`/auth/sign-in?returnTo=${encodeURIComponent(returnTo)}`);
  return browser.submit(page, '/auth/sign-in', { email: account.email, password: account.password });
}

const setUp = '/auth/two-step/set-up';

describe('two-step verification without script', () => {
  it('is set up at the end of a sign-in that demands it, and the codes of the app and of the paper work', async () => {
    const browser = browse();
    const choices = await signIn(browser, admin, '/manage/x');
    expect(choices).toMatchObject({ status: 200, address: `${setUp}?returnTo=%2Fmanage%2Fx` });
    const key = await browser.submit(choices, setUp);
    expect(key.status).toBe(200);
    expect(key.body).toContain('class="qr"');
    const secret = /data-text="([A-Z2-7]+)"/.exec(key.body)?.[1] ?? '';

    const wrong = await browser.submit(key, setUp, { code: '000000' });
    expect(wrong.status).toBe(401);
    expect(wrong.body).toContain('That code isn’t right');
    expect(wrong.body).toContain(secret);
    expect(wrong.body).toContain('value="000000"');

    const codes = await browser.submit(wrong, setUp, { code: totp(secret) });
    expect(codes.status).toBe(200);
    expect(codes.body).toContain('href="/manage/x"');
    const recoveryCode = /<code>([^<]+)<\/code>/.exec(codes.body)?.[1] ?? '';
    expect((await browser.open('/manage/x')).status).toBe(200);

    const elsewhere = browse();
    const question = await signIn(elsewhere, admin, '/manage/y');
    expect(question.address).toBe('/auth/two-step?returnTo=%2Fmanage%2Fy');
    expect(question.body).toContain('Code from your authenticator app');
    const paper = await elsewhere.open('/auth/two-step?method=recovery-code&returnTo=%2Fmanage%2Fy');
    const unknown = await elsewhere.submit(paper, '/auth/two-step', { code: 'xxxx-xxxx-xxxx-xxxx' });
    expect(unknown.status).toBe(401);
    expect(unknown.body).toContain('Recovery code');
    const done = await elsewhere.submit(unknown, '/auth/two-step', { code: recoveryCode });
    expect(done).toMatchObject({ status: 200, address: '/manage/y' });
  });

  it('can be set up by the signed-in user, with codes that are sent when they are asked for', async () => {
    const browser = browse();
    await signIn(browser, vendor);
    const choices = await browser.open(setUp);
    const begun = await browser.submit(choices, setUp, { method: 'email' });
    expect(begun.body).toContain('We sent a code to');
    const refused = await browser.submit(begun, setUp, { code: '000000' });
    expect(refused.status).toBe(401);
    expect(refused.body).toContain('We sent a code to');
    const codes = await browser.submit(refused, setUp, { code: await mailedCode(vendor.email, 1) });
    expect(codes.body).toContain('Save your recovery codes');

    const elsewhere = browse();
    const question = await signIn(elsewhere, vendor, '/api/shop/x');
    expect(question.body).toContain('Send a code to');
    expect(question.body).not.toContain('name="code"');
    const sent = await elsewhere.submit(question, '/auth/two-step');
    expect(sent.address).toBe('/auth/two-step?returnTo=%2Fapi%2Fshop%2Fx&method=email&sent=email');
    const done = await elsewhere.submit(sent, '/auth/two-step', { code: await mailedCode(vendor.email, 2) });
    expect(done.address).toBe('/api/shop/x');
  });

  it('says what is wrong with a phone number and keeps it', async () => {
    const browser = browse();
    await signIn(browser, user);
    const page = await browser.open(`${setUp}?method=sms`);
    const refused = await browser.submit(page, setUp, { number: '0151 "23' });
    expect(refused.status).toBe(422);
    expect(refused.body).toContain('value="0151 &quot;23"');
    expect(refused.body).toContain('Phone number must begin with +');
  });

  it('begins again without a sign-in that waits, and after too many wrong codes', async () => {
    const stranger = browse();
    expect((await stranger.open('/auth/two-step')).body).toContain('Please sign in again');
    expect((await stranger.open(setUp)).address).toBe('/auth/sign-in');

    const browser = browse();
    let page = await signIn(browser, admin);
    for (let guess = 0; page.body.includes('name="code"') && guess < 8; guess += 1)
      page = await browser.submit(page, '/auth/two-step', { code: String(100000 + guess) });
    expect(page.status).toBe(401);
    expect(page.body).toContain('Please sign in again');
  });

  it('can be left for another account', async () => {
    const browser = browse();
    const question = await signIn(browser, admin, '/manage/x');
    const left = await browser.submit(question, '/auth/two-step', { do: 'cancel' });
    expect(left.address).toBe('/auth/sign-in?returnTo=%2Fmanage%2Fx');
    expect((await browser.open('/auth/two-step')).body).toContain('Please sign in again');
  });

  it('draws nothing that is no key of an authenticator app', async () => {
    const browser = browse();
    await signIn(browser, user);
    const begun = await browser.submit(await browser.open(setUp), setUp);
    for (const uri of [
      'javascript:alert(1)',
      'otpauth://totp/x?secret=<script>',
      `otpauth://totp/${'x'.repeat(2000)}`,
    ]) {
      const page = await browser.submit(begun, setUp, { code: '000000', uri });
      expect(page.status).toBe(401);
      expect(page.body).not.toMatch(/class="qr"|href="(?:javascript|otpauth)|<script>/);
    }
  });
});

describe('the page that confirms who it is', () => {
  it('asks for the password where there is no second factor, and leads on', async () => {
    const browser = browse();
    await signIn(browser, user);
    const page = await browser.open('/auth/confirm?returnTo=%2Fapi%2Fshop%2Fx&max_age=300');
    const wrong = await browser.submit(page, '/auth/confirm', { password: 'wrong-canary' });
    expect(wrong.status).toBe(401);
    expect(wrong.body).toContain('That password isn’t right.');
    expect(wrong.body).not.toContain('canary');
    const done = await browser.submit(wrong, '/auth/confirm', { password: user.password });
    expect(done.address).toBe('/api/shop/x');
  });

  it('sends strangers to sign in first, with the page that was asked for', async () => {
    expect((await browse().open('/auth/confirm?returnTo=%2Fapi%2Fshop')).address).toBe(
      '/auth/sign-in?returnTo=%2Fapi%2Fshop',
    );
  });

  it.each([
    { name: 'a second factor that the account lacks', acr: 'mfa', text: 'Set up two-step verification' },
    { name: 'a security key', acr: 'phr', text: 'A security key is needed' },
    { name: 'an unknown level', acr: '"><script>', text: 'Confirm it’s you' },
  ])('says what comes next for $name', async ({ acr, text }) => {
    const browser = browse();
    await signIn(browser, user);
    const page = await browser.open(`/auth/confirm?acr_values=${encodeURIComponent(acr)}`);
    expect(page.body).toContain(text);
    expect(page.body).not.toContain('"><script>');
  });

  it('goes back to our own page that asked, and to no other name', async () => {
    const browser = browse();
    await signIn(browser, user);
    const page = await browser.open('/auth/confirm?next=secondFactorSetUp&returnTo=%2Fapi%2Fshop');
    const done = await browser.submit(page, '/auth/confirm', { password: user.password });
    expect(done.address).toBe(`${setUp}?returnTo=%2Fapi%2Fshop`);
    const odd = await browser.open('/auth/confirm?next=constructor');
    expect((await browser.submit(odd, '/auth/confirm', { password: user.password })).address).toBe('/');
  });
});

describe('the page of recovery codes', () => {
  it('makes new ones when it is told to, and not when it is looked at', async () => {
    const browser = browse();
    const question = await signIn(browser, vendor);
    const sent = await browser.submit(question, '/auth/two-step');
    await browser.submit(sent, '/auth/two-step', { code: await mailedCode(vendor.email, 3) });
    const before = await browser.open('/auth/two-step/recovery-codes?returnTo=%2Fapi%2Fshop');
    expect(before.body).toContain('You have 10 unused codes.');
    expect(before.body).not.toContain('<code>');
    const made = await browser.submit(before, '/auth/two-step/recovery-codes');
    expect(made.body.match(/<li><code>/g)).toHaveLength(10);
    expect(made.body).toContain('href="/api/shop"');
  });

  it('leads people without a second factor to setting one up, and strangers to sign in', async () => {
    const browser = browse();
    await signIn(browser, user);
    expect((await browser.open('/auth/two-step/recovery-codes')).address).toBe(setUp);
    expect((await browse().open('/auth/two-step/recovery-codes')).address).toBe('/auth/sign-in');
  });
});

function browse(): PlainBrowser {
  return createPlainBrowser(gateway.origin);
}

async function mailedCode(to: string, count: number): Promise<string> {
  const codes = () => mails.flatMap((mail) => (mail.to === to && mail.code !== undefined ? [mail.code] : []));
  await expect.poll(() => codes().length).toBeGreaterThanOrEqual(count);
  return codes().at(-1) ?? '';
}

/** RFC 6238 with the defaults of authenticator apps. */
function totp(secret: string): string {
  const bits = [...secret].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2))))
    .update(counter)
    .digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
