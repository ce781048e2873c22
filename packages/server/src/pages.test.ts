import { get } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
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

const form = (values: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) => {
  const body = new URLSearchParams(values).toString();
  return send(
    `${gateway.origin}/auth/sign-in`,
    'POST',
    {
      origin: gateway.origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    },
    body,
  );
};

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
    expect(browser.cookies('/auth/sign-in').join()).not.toContain('sallyport-flow');
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
      `sallyport-link=${token}; Path=/auth/reset; Max-Age=3600; HttpOnly; SameSite=Lax`,
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
        cookie: `sallyport-link=${token}`,
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

describe('a form of the built-in pages', () => {
  const credentials = { email: user.email, password: user.password };

  it.each([
    { name: 'from another site', headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' } },
    { name: 'from a sibling site', headers: { 'sec-fetch-site': 'same-site', origin: 'https://sibling.test' } },
    {
      name: 'from another origin, without Fetch Metadata',
      headers: { 'sec-fetch-site': '', origin: 'https://evil.test' },
    },
    { name: 'from a sandbox', headers: { 'sec-fetch-site': 'cross-site', origin: 'null' } },
  ])('is refused $name', async ({ headers }) => {
    const answer = await form(credentials, headers);
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it('is refused when it does not say where it comes from, with the reason in the log', async () => {
    const body = new URLSearchParams(credentials).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await send(`${gateway.origin}/auth/sign-in`, 'POST', type, body);
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(gateway.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ event: 'request', code: 'SP_CROSS_SITE_REQUEST', reason: 'source-unknown' }),
    );
  });

  it.each([{ 'sec-fetch-site': 'same-origin' }, { origin: true }])(
    'is taken when it says so by %o alone',
    async (said) => {
      const body = new URLSearchParams(credentials).toString();
      const source = 'origin' in said ? { origin: gateway.origin } : said;
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await send(`${gateway.origin}/auth/sign-in`, 'POST', { ...type, ...source }, body);
      expect(answer.status).toBe(303);
    },
  );

  it.each([
    { name: 'JSON', type: 'application/json', body: JSON.stringify(credentials), status: 415 },
    { name: 'a form with files', type: 'multipart/form-data; boundary=x', body: '--x--', status: 415 },
    { name: 'plain text', type: 'text/plain', body: 'email=a', status: 415 },
    { name: 'a field twice', type: 'application/x-www-form-urlencoded', body: 'email=a&email=b', status: 400 },
    {
      name: 'more than 16 KiB',
      type: 'application/x-www-form-urlencoded',
      body: `email=${'a'.repeat(17_000)}`,
      status: 413,
    },
  ])('is refused as $name', async ({ type, body, status }) => {
    const answer = await send(
      `${gateway.origin}/auth/sign-in`,
      'POST',
      { origin: gateway.origin, 'content-type': type, 'content-length': String(Buffer.byteLength(body)) },
      body,
    );
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it('is refused with a parameter of the address twice, and by other methods', async () => {
    expect((await gateway.get('/auth/sign-in?returnTo=/a&returnTo=/b')).status).toBe(400);
    const put = await send(`${gateway.origin}/auth/sign-in`, 'PUT', { 'content-length': '0' });
    expect(put).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, POST' } });
    const post = await send(`${gateway.origin}/auth/error`, 'POST', { 'content-length': '0' });
    expect(post).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('tells the script where to go instead of sending it there', async () => {
    const answer = await form({ ...credentials, returnTo: '/api/shop' }, { 'sallyport-form': 'fetch' });
    expect(answer).toMatchObject({
      status: 204,
      headers: { 'sallyport-location': '/api/shop', 'sallyport-news': 'signed-in' },
    });
    expect(answer.headers).not.toHaveProperty('location');
  });

  it('leaves the reason of a refusal in the log, as the JSON of identity does', async () => {
    await form({ ...credentials, password: 'wrong' });
    expect(gateway.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ event: 'request', route: 'auth', status: 401, code: 'SP_CREDENTIALS_INVALID' }),
    );
  });
});

describe('a built-in page', () => {
  const addresses = ['sign-in', 'sign-up', 'check-mail', 'verify', 'forgot', 'reset', 'signed-out', 'error'];

  it.each(addresses)(
    '%s runs only script and style of its own origin, in no frame, and is not stored',
    async (name) => {
      const answer = await gateway.get(`/auth/${name}`);
      const body = await answer.text();
      expect(answer.status).toBe(200);
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).not.toContain('unsafe');
      for (const rule of ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
        expect(policy).toContain(rule);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(body).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:/);
      const tags = new Set([...body.matchAll(/<([a-z][^\s/>]*)/g)].map(([, tag]) => tag));
      expect([...tags].filter((tag) => !/^[a-z]+\d?$/.test(tag ?? ''))).toEqual([]);
      const posts = [...body.matchAll(/<form[^>]*>/g)].map(([tag]) => /action="([^"]*)"/.exec(tag)?.[1] ?? '');
      expect(posts.filter((action) => !action.startsWith('/auth/'))).toEqual([]);
    },
  );

  it('has the theme that the reader chose', async () => {
    const dark = await gateway.get('/auth/sign-in', { cookie: 'a=1; theme=dark' });
    expect(await dark.text()).toContain('<html lang="en" data-theme="dark">');
    const odd = await gateway.get('/auth/sign-in', { cookie: 'theme="><script>' });
    const plain = await gateway.get('/auth/sign-in');
    expect(await odd.text()).toBe(await plain.text());
  });

  it('answers HEAD without a body, and nothing on a path that is none', async () => {
    const head = await send(`${gateway.origin}/auth/sign-in`, 'HEAD', {});
    expect(head).toMatchObject({ status: 200, body: '' });
    expect((await gateway.get('/auth/sign-in/')).status).toBe(404);
  });

  it('says that there is none to a browser, and answers programs as identity does', async () => {
    const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' };
    const page = await send(`${gateway.origin}/auth/sign-on`, 'GET', navigation);
    expect(page).toMatchObject({ status: 404, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(page.body).toContain('<h1>Page not found</h1>');
    for (const headers of [{}, { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }]) {
      const answer = await send(`${gateway.origin}/auth/sign-on`, 'GET', headers);
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_NOT_FOUND' });
    }
  });

  it('explains a code of the catalog, and shows nothing of what is none', async () => {
    const textOf = async (query: string): Promise<string> => (await gateway.get(`/auth/error${query}`)).text();
    const plain = await textOf('');
    expect(plain).toContain('<h1>');
    expect(await textOf('?code=SP_FORBIDDEN')).not.toBe(plain);
    for (const code of ['SP_%3Cscript%3E', 'SP_CANARY', 'constructor', '__proto__'])
      expect(await textOf(`?code=${code}`)).toBe(plain);
  });
});

describe('a file of the built-in pages', () => {
  const fileOf = async (pattern: RegExp): Promise<string> =>
    pattern.exec(await (await gateway.get('/auth/sign-in')).text())?.[0] ?? 'missing';

  it.each([
    { accepted: 'gzip, deflate, br', coding: 'br', decode: brotliDecompressSync },
    { accepted: 'gzip;q=0.5, br;q=0', coding: 'gzip', decode: gunzipSync },
  ])('is served as $coding to a client that takes $accepted, for ever', async ({ accepted, coding, decode }) => {
    const script = await fileOf(/\/auth\/assets\/pages-[\w-]+\.js/);
    const answer = await fetch(gateway.origin + script, { headers: { 'accept-encoding': 'identity' } });
    const plain = await answer.text();
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-type')).toContain('text/javascript');
    const packed = await readBytes(gateway.origin + script, accepted);
    expect(packed.coding).toBe(coding);
    expect(decode(packed.bytes).toString('utf8')).toBe(plain);
    expect(packed.bytes.byteLength).toBeLessThan(60 * 1024);
  });

  it.each([
    '/auth/assets/',
    '/auth/assets/pages-000000000000.js',
    '/auth/assets/pages.css',
    '/auth/assets/brand.css',
    '/auth/assets/other-000000000000.css',
    '/auth/assets/pages-00000000000.css',
    '/auth/assets/x/pages-000000000000.css',
    '/auth/assets/pages-000000000000.css?x',
    '/auth/assets/constructor',
  ])('is not found under %s', async (path) => {
    expect((await gateway.get(path)).status).toBe(404);
  });

  it('gives no notice the accent of the brand, which may be red', async () => {
    const css = await (await fetch(gateway.origin + (await fileOf(/\/auth\/assets\/pages-[\w-]+\.css/)))).text();
    const rules = [...css.matchAll(/^\.notice[^{]*\{[^}]*\}/gm)].map(([rule]) => rule);
    expect(rules.length).toBeGreaterThan(3);
    expect(rules.filter((rule) => rule.includes('accent'))).toEqual([]);
  });

  it.each([/\/auth\/assets\/brand-[\w-]+\.css/, /\/auth\/assets\/pages-[\w-]+\.css/])(
    'is served to a page of a gateway with another stylesheet, and not stored: %s',
    async (pattern) => {
      const path = await fileOf(pattern);
      const [own, other] = await Promise.all(
        [path, path.replace(/-[\w-]{12}\.css$/, '-AAAA-bbbb_cc.css')].map((one) => fetch(gateway.origin + one)),
      );
      expect(other?.status).toBe(200);
      expect(other?.headers.get('cache-control')).toBe('no-store');
      expect(other?.headers.get('content-type')).toBe('text/css; charset=utf-8');
      expect(await other?.text()).toBe(await own?.text());
    },
  );

  it('is read only', async () => {
    const script = await fileOf(/\/auth\/assets\/pages-[\w-]+\.js/);
    const answer = await send(`${gateway.origin}${script}`, 'DELETE', {});
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });
});

/** The body as it came: fetch would unpack it. */
function readBytes(url: string, accepted: string): Promise<{ readonly coding: string; readonly bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': accepted }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () =>
        resolve({ coding: response.headers['content-encoding'] ?? '', bytes: Buffer.concat(chunks) }),
      );
    }).once('error', reject);
  });
}
