import type { Message } from '@sallyport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlainBrowser } from './test-support/plain-browser.ts';
import { send, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';

let gateway: TestGateway;
const mails: Message[] = [];

beforeAll(async () => {
  const mailer = { send: (message: Message) => Promise.resolve(void mails.push(message)) };
  gateway = await startTestGateway({ gateway: { mailer } });
});
afterAll(() => gateway.close());

const browse = () => createPlainBrowser(gateway.origin);
const goodPassword = 'brass-lantern-over-quiet-water';
const user = testAccounts[0] ?? { email: '', password: '' };

/** The query of the link in the newest mail to an address. */
async function mailedLink(to: string): Promise<string> {
  const newest = () => mails.findLast((mail) => mail.to === to)?.links.find((link) => link.includes('token='));
  await expect.poll(newest).toBeDefined();
  return new URL(newest() ?? 'missing:').search;
}

describe('the built-in pages without script', () => {
  it('lead from sign-up over the mailed link and its button to the page that was asked for', async () => {
    const browser = browse();
    const signUp = await browser.open('/auth/sign-up?returnTo=%2Fapi%2Fshop%2Forders');
    const sent = await browser.submit(signUp, '/auth/sign-up', {
      name: 'Ann',
      email: 'Ann@Example.test',
      password: goodPassword,
    });
    expect(sent).toMatchObject({ status: 200, address: '/auth/check-mail' });
    expect(sent.body).toContain('<strong>Ann@Example.test</strong>');

    const opened = await browser.open(`/auth/verify${await mailedLink('ann@example.test')}`);
    expect(opened).toMatchObject({ status: 200, address: '/auth/verify' });
    expect(opened.body).toContain('ann@example.test');
    const verified = await browser.submit(opened, '/auth/verify');
    expect(verified).toMatchObject({ status: 200, address: '/auth/sign-in' });
    expect(verified.body).toContain('Your email address is confirmed');
    expect(verified.body).toContain('value="ann@example.test"');

    const signedIn = await browser.submit(verified, '/auth/sign-in', { password: goodPassword });
    expect(signedIn).toMatchObject({ status: 200, address: '/api/shop/orders' });
    expect(browser.cookies('/auth/sign-in').join()).not.toMatch(/sallyport-.*flow/);
  });

  it('say the same at sign-up for an address that has an account', async () => {
    const [stranger, owner] = [browse(), browse()];
    const answers = await Promise.all(
      [[stranger, 'new@example.test'] as const, [owner, user.email] as const].map(async ([browser, email]) => {
        const page = await browser.open('/auth/sign-up');
        const shown = await browser.submit(page, '/auth/sign-up', { name: 'Ann', email, password: goodPassword });
        return { status: shown.status, visited: shown.visited, body: shown.body.replaceAll(email, '') };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
  });

  it('look at a mailed link as often as one likes without using it up', async () => {
    const browser = browse();
    const page = await browser.open('/auth/sign-up');
    await browser.submit(page, '/auth/sign-up', { name: 'Bo', email: 'bo@example.test', password: goodPassword });
    const link = `/auth/verify${await mailedLink('bo@example.test')}`;
    for (let look = 0; look < 3; look += 1) expect((await browse().open(link)).body).toContain('bo@example.test');

    const opened = await browser.open(link);
    expect((await browser.submit(opened, '/auth/verify')).address).toBe('/auth/sign-in');
    const again = await browser.open(link);
    expect(again).toMatchObject({ status: 200, address: '/auth/verify' });
    expect(again.body).toContain('This link doesn’t work any more');
    expect(again.body).toContain('Send a new link');
  });

  it('leave the token of a mailed link in no address, no page and no line of the log', async () => {
    const browser = browse();
    const forgot = await browser.open('/auth/forgot');
    await browser.submit(forgot, '/auth/forgot', { email: user.email });
    const search = await mailedLink(user.email);
    const token = new URLSearchParams(search).get('token') ?? 'missing';
    const first = await gateway.get(`/auth/reset${search}`);
    expect(first.status).toBe(303);
    expect(first.headers.get('location')).toBe('/auth/reset');
    expect(first.headers.get('referrer-policy')).toBe('no-referrer');
    expect(first.headers.getSetCookie()).toEqual([
      `sallyport-${new URL(gateway.origin).port}-link=${token}; Path=/auth/reset; Max-Age=3600; HttpOnly; SameSite=Lax`,
    ]);
    const opened = await browser.open(`/auth/reset${search}`);
    expect(opened.body).toContain('autocomplete="username"');
    expect(opened.body).not.toContain(token);
    expect(browser.cookies('/auth/sign-in').join()).not.toContain(token);
    expect(JSON.stringify(gateway.lines)).not.toContain(token);
  });

  it('change a password by mail, and say so where one signs in', async () => {
    const vendor = testAccounts[1] ?? user;
    const browser = browse();
    const forgot = await browser.open('/auth/forgot?returnTo=%2Fapi%2Fshop%2Fx');
    const sent = await browser.submit(forgot, '/auth/forgot', { email: vendor.email });
    expect(sent.body).toContain('If there is an account for');

    const reset = await browser.open(`/auth/reset${await mailedLink(vendor.email)}`);
    const weak = await browser.submit(reset, '/auth/reset', { newPassword: 'short' });
    expect(weak.status).toBe(422);
    expect(weak.body).toContain('New password must have at least 15 characters.');
    expect(weak.body).not.toContain('short');
    const done = await browser.submit(weak, '/auth/reset', { newPassword: goodPassword });
    expect(done).toMatchObject({ status: 200, address: '/auth/sign-in' });
    expect(done.body).toContain('Your password has been changed');
    const signedIn = await browser.submit(done, '/auth/sign-in', { password: goodPassword });
    expect(signedIn.address).toBe('/api/shop/x');
    expect((await browser.open('/auth/reset')).body).toContain('This link doesn’t work any more');
  });

  it('use no link but the one that the form shows', async () => {
    const browser = browse();
    const open = async (email: string) => {
      const page = await browser.open('/auth/sign-up');
      await browser.submit(page, '/auth/sign-up', { name: 'Cy', email, password: goodPassword });
      return browser.open(`/auth/verify${await mailedLink(email)}`);
    };
    const [first] = [await open('cy@example.test'), await open('di@example.test')];
    const shown = await browser.submit(first, '/auth/verify');
    expect(shown).toMatchObject({ status: 200, address: '/auth/verify' });
    expect(shown.body).toContain('<strong>di@example.test</strong>');
    expect((await browser.submit(shown, '/auth/verify')).address).toBe('/auth/sign-in');

    const token = 'a'.repeat(43);
    const forged = await send(
      `${gateway.origin}/auth/reset`,
      'POST',
      {
        origin: gateway.origin,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        cookie: `sallyport-${new URL(gateway.origin).port}-link=${token}`,
      },
      new URLSearchParams({ newPassword: goodPassword }).toString(),
    );
    expect(forged).toMatchObject({ status: 303 });
  });

  it.each([
    { name: 'no token', address: '/auth/reset' },
    { name: 'an empty token', address: '/auth/reset?token=' },
    { name: 'a token of another form', address: '/auth/reset?token=%3Cscript%3E%0d%0aset-cookie:x' },
    { name: 'an unknown token', address: `/auth/reset?token=${'a'.repeat(43)}` },
  ])('offer a new link for $name', async ({ address }) => {
    const page = await browse().open(address);
    expect(page.status).toBe(200);
    expect(page.body).toContain('Get a new link');
  });

  it('keep the email and never the password when a sign-in is refused', async () => {
    const browser = browse();
    const page = await browser.open('/auth/sign-in?returnTo=%2Fapi%2Fshop');
    const refused = await browser.submit(page, '/auth/sign-in', {
      email: '"><script>x@example.test',
      password: 'wrong-canary-password',
    });
    expect(refused.status).toBe(422);
    expect(refused.body).toContain('value="&quot;&gt;&lt;script&gt;x@example.test"');
    const wrong = await browser.submit(refused, '/auth/sign-in', {
      email: user.email,
      password: 'wrong-canary-password',
    });
    expect(wrong.status).toBe(401);
    expect(wrong.headers).not.toHaveProperty('www-authenticate');
    expect(wrong.body).toContain(`value="${user.email}"`);
    expect(wrong.body).toContain('value="/api/shop"');
    expect(wrong.body).not.toContain('canary');
    for (const address of ['/auth/forgot', '/auth/sign-up'])
      expect((await browser.open(address)).body).toContain(`value="${user.email}"`);
  });

  it('offer the mail again to a person who did not confirm the address', async () => {
    const browser = browse();
    const page = await browser.open('/auth/sign-up');
    await browser.submit(page, '/auth/sign-up', { name: 'Cy', email: 'cy@example.test', password: goodPassword });
    const signIn = await browser.open('/auth/sign-in');
    const refused = await browser.submit(signIn, '/auth/sign-in', { email: 'cy@example.test', password: goodPassword });
    expect(refused.status).toBe(403);
    const before = mails.filter(({ to }) => to === 'cy@example.test').length;
    expect((await browser.submit(refused, '/auth/check-mail')).address).toBe('/auth/check-mail');
    await expect.poll(() => mails.filter(({ to }) => to === 'cy@example.test').length).toBe(before + 1);
  });

  it('say how long to wait after too many wrong passwords', async () => {
    const browser = browse();
    let page = await browser.open('/auth/sign-in');
    for (let attempt = 0; page.status !== 429 && attempt < 25; attempt += 1)
      page = await browser.submit(page, '/auth/sign-in', {
        email: 'guessed@example.test',
        password: `wrong-${attempt}`,
      });
    expect(page.status).toBe(429);
    expect(page.body).toMatch(/Try again in <span data-countdown="\d+">\d+ (?:second|minute)/);
    expect(page.body).toMatch(/data-wait="\d+"/);
  });

  it.each(['//evil.test', 'https://evil.test/', '/\\evil.test', '/auth/sign-in', '/%2f/evil.test'])(
    'lead to the home page instead of %s',
    async (returnTo) => {
      const browser = browse();
      const page = await browser.open(`/auth/sign-in?returnTo=${encodeURIComponent(returnTo)}`);
      const signedIn = await browser.submit(page, '/auth/sign-in', { email: user.email, password: user.password });
      expect(signedIn.visited).toEqual(['/auth/sign-in', '/']);
      const again = await browser.open(`/auth/sign-in?returnTo=${encodeURIComponent(returnTo)}`);
      expect(again.body).toContain('<a class="button button-primary" href="/">Continue</a>');
    },
  );

  it('sign out by a form', async () => {
    const browser = browse();
    const page = await browser.open('/auth/sign-in');
    await browser.submit(page, '/auth/sign-in', { email: user.email, password: user.password });
    const already = await browser.open('/auth/sign-in');
    expect(already.body).toContain('You are signed in as user.');
    const out = await browser.submit(already, '/auth/signed-out');
    expect(out).toMatchObject({ status: 200, address: '/auth/signed-out' });
    expect((await browser.open('/auth/sign-in')).body).toContain('autocomplete="current-password"');
  });

  it('are where browsers look for the page that changes a password', async () => {
    const answer = await gateway.get('/.well-known/change-password');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/auth/forgot');
  });
});
