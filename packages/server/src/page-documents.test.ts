import { get } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

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

  it('of security settings leads strangers to sign-in, and back to it', async () => {
    const answer = await gateway.get('/auth/security');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/auth/sign-in?returnTo=%2Fauth%2Fsecurity');
  });

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
