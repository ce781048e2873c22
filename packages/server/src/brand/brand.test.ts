import type { Message } from '@sallyport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config, ConfigInput } from '../config/config-schema.ts';
import { parseConfig } from '../config/parse-config.ts';
import { send, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { testRoutes } from '../test-support/test-routes.ts';

const logo = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>';
const brand: ConfigInput['brand'] = {
  name: 'Tom & Jerry’s "Shop"',
  logo: `data:image/svg+xml,${encodeURIComponent(logo)}`,
  logoDark: `data:image/svg+xml,${encodeURIComponent(logo.replace('h8', 'h7'))}`,
  colors: { light: { accent: '#7a1fa2', background: '#fff8f0' }, dark: { background: '#120a18' } },
  radius: 3,
  font: 'Georgia, serif',
  links: { terms: '/terms?a=1&b=2', support: 'mailto:help@acme.example' },
};
const escapedName = 'Tom &amp; Jerry’s &quot;Shop&quot;';
const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };

const sent: Message[] = [];
let test: TestGateway;
let next: (change: Partial<ConfigInput>) => Config;
let loaded: Config;
beforeAll(async () => {
  test = await startTestGateway({
    config: { brand, secondFactor: { methods: ['totp', 'email'] } },
    gateway: {
      mailer: { send: (message) => Promise.resolve(void sent.push(message)) },
      loadAnew: () => Promise.resolve(loaded),
    },
  });
  const { publicUrl, listen, dataDir, policy } = test.gateway.config;
  next = (change) =>
    parseConfig(
      {
        publicUrl,
        listen,
        dataDir,
        policy,
        admin: { port: 0 },
        mailbox: { port: 0 },
        passwords: { answerFloorMilliseconds: 100 },
        secondFactor: { methods: ['totp', 'email'] },
        routes: testRoutes('http://127.0.0.1:9'),
        ...change,
      },
      'test',
    );
});
afterAll(() => test.close());

// Not by fetch(), which says for itself that it is no navigation.
const page = (path: string) => send(test.origin + path, 'GET', navigation);
const post = (path: string, body: object, cookie = ''): Promise<Response> =>
  fetch(test.origin + path, {
    method: 'POST',
    headers: { origin: test.origin, 'content-type': 'application/json', cookie },
    body: JSON.stringify(body),
  });
const mailOf = async (kind: string, count = 1): Promise<Message> => {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const found = sent.filter((message) => message.kind === kind);
    if (found.length >= count && found.at(-1) !== undefined) return found.at(-1) as Message; // Looked at just now.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`no mail ${kind} came`);
};

describe('a brand', () => {
  it.each([
    { path: '/nowhere', status: 404 },
    { path: '/gone', status: 502 },
    { path: '/open/%2f', status: 400 },
  ])('shows on the page of an error: $status', async ({ path, status }) => {
    const { status: shown, body: html } = await page(path);
    expect(shown).toBe(status);
    expect(html).toMatch(new RegExp(`<title>[^<]+ · ${escapedName}</title>`));
    expect(html).toContain('<meta name="theme-color" media="(prefers-color-scheme: light)" content="#fff8f0">');
    expect(html).toContain('<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#120a18">');
    expect(html).toContain('--brand-accent:light-dark(#7a1fa2,');
    expect(html).toContain("--brand-font:'Georgia', serif");
    expect(html).toMatch(
      /<source media="\(prefers-color-scheme: dark\)" srcset="\/auth\/assets\/brand\/logo-dark\.[^"]+"><img src="\/auth\/assets\/brand\/logo\./,
    );
    expect(html).toContain(`href="${test.origin}/terms?a=1&amp;b=2">Terms</a>`);
    expect(html).toContain('href="mailto:help@acme.example">Help</a>');
    expect(html).not.toMatch(/Sallyport|Privacy/);
  });

  it('shows no image under a host that is not served, where images are refused', async () => {
    const answer = await send(test.origin.replace('localhost', '127.0.0.1'), 'GET', {
      ...navigation,
      host: 'other.example',
    });
    expect(answer.status).toBe(421);
    expect(answer.body).toContain(`<header>${escapedName}</header>`);
    expect(answer.body).not.toMatch(/<img|rel="icon"/);
  });

  it.each(['logo', 'logo-dark', 'icon'])('has its %s at a path that never changes its content', async (name) => {
    const { brandFiles } = await readDocument();
    const path = brandFiles.find((file) => file.includes(`/${name}.`)) ?? '';
    const answer = await test.get(path);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/svg+xml',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    expect(await answer.text()).toMatch(/^<svg/);
  });

  it.each([
    { path: '/auth/assets/brand/logo.0123456789abcdef.svg', status: 302 },
    { path: '/auth/assets/brand/logo.0123456789abcdef.svg?x', status: 404 },
    { path: '/auth/assets/brand/banner.0123456789abcdef.svg', status: 404 },
    { path: '/auth/assets/brand/logo.svg', status: 404 },
    { path: '/auth/assets/brand', status: 404 },
    { path: '/auth/assets/brand/constructor', status: 404 },
  ])('has no other files: $path is answered with $status', async ({ path, status }) => {
    const answer = await test.get(path);
    expect(answer.status).toBe(status);
    if (status === 302)
      expect(answer.headers.get('location')).toMatch(/\/auth\/assets\/brand\/logo\.[0-9a-f]{16}\.svg$/);
  });

  it('takes no writes', async () => {
    expect((await post('/auth/assets/brand/brand.css', {})).status).toBe(405);
  });

  it('is there for applications that are not built in, on both listeners', async () => {
    const css = await test.get('/auth/assets/brand/brand.css');
    expect(css.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(await css.text()).toContain('--brand-radius:3px');
    const { document } = await readDocument();
    expect(document).toMatchObject({ name: brand.name, radius: 3, links: { privacy: null } });
    const inside = await fetch(`http://127.0.0.1:${test.gateway.internalPort}/auth/assets/brand/brand.json`);
    expect(await inside.json()).toEqual(document);
  });

  it('has a web app manifest, to which the built-in pages lead', async () => {
    const path = '/auth/assets/brand/site.webmanifest';
    expect((await page('/auth/sign-in')).body).toContain(`<link rel="manifest" href="${path}"`);
    const answer = await test.get(path);
    expect(answer.headers.get('content-type')).toBe('application/manifest+json');
    const manifest: unknown = await answer.json();
    expect(manifest).toMatchObject({ name: brand.name, start_url: '/', theme_color: '#fff8f0' });
    const { document } = await readDocument();
    expect(manifest).toMatchObject({ icons: [{ src: document['icon'], type: 'image/svg+xml', sizes: 'any' }] });
    expect(document).toMatchObject({ manifest: path, touchIcon: null });
  });

  it('shows on the built-in pages', async () => {
    const { body } = await page('/auth/sign-in');
    expect(body).toContain(` · ${escapedName}</title>`);
    expect(body).toContain('content="#fff8f0"');
    expect(body).toMatch(/<img class="logo logo-light" src="\/auth\/assets\/brand\/logo\.[^"]+"/);
    expect(body).toMatch(/<link rel="icon" href="\/auth\/assets\/brand\/icon\.[^"]+"/);
    const stylesheet = /href="(\/auth\/assets\/brand\W[^"]+css)"/.exec(body)?.[1] ?? '';
    expect(await (await test.get(stylesheet)).text()).toContain('--brand-accent:light-dark(#7a1fa2,');
    expect(body).not.toContain('Sallyport');
  });

  it('stands in mails, in text and in HTML', async () => {
    await post('/auth/sign-up/email', {
      name: 'Robin',
      email: 'robin@example.test',
      password: 'lantern orchard umbrella violin',
    });
    const { subject, text, html = '' } = await mailOf('verify-email');
    expect(subject).toBe('Confirm your email address for Tom & Jerry’s "Shop"');
    expect(text).toContain(`Tom & Jerry’s "Shop"\nHelp: help@acme.example\nTerms: ${test.origin}/terms?a=1&b=2`);
    expect(html).toContain(`Welcome to ${escapedName}.`);
    expect(html).toContain('background:#7a1fa2');
    expect(html).toContain('font:16px/1.6 &#39;Georgia&#39;, serif');
    expect(`${text}${html}`).not.toContain('Sallyport');
  });

  it('is the issuer in authenticator apps, and the name in a mail with a code', async () => {
    const cookie = await test.signIn('user');
    const app = (await (await post('/auth/second-factor/totp/start', {}, cookie)).json()) as { readonly uri: string };
    expect(new URL(app.uri).searchParams.get('issuer')).toBe(brand.name);
    await post('/auth/second-factor/email/start', {}, cookie);
    expect((await mailOf('second-factor-code')).subject).toBe('Your code for Tom & Jerry’s "Shop"');
  });

  it('is refused in passwords', async () => {
    const answer = await post('/auth/sign-up/email', {
      name: 'Alex',
      email: 'alex@example.test',
      password: 'jerry-shop-7xqv',
    });
    expect(await answer.text()).toContain('the name of this product');
  });
});

describe('a brand that changes while the gateway runs', () => {
  it('shows everywhere from the next request on', async () => {
    loaded = next({ brand: { name: 'Umbrella', logo: `data:image/svg+xml,${encodeURIComponent(logo)}` } });
    const answer = await fetch(`${test.adminOrigin}/reload`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({
      kind: 'reloaded',
      changed: expect.arrayContaining(['brand']) as string[],
    });
    for (const path of ['/nowhere', '/auth/sign-in'])
      expect((await page(path)).body).toMatch(/<title>[^<]+ · Umbrella<\/title>/);
    expect((await readDocument()).document).toMatchObject({ name: 'Umbrella', links: { terms: null } });
    await post('/auth/sign-up/email', {
      name: 'Kim',
      email: 'kim@example.test',
      password: 'lantern orchard violin cabinet',
    });
    expect((await mailOf('verify-email', 2)).subject).toBe('Confirm your email address for Umbrella');
    const app = (await (await post('/auth/second-factor/totp/start', {}, await test.signIn('vendor'))).json()) as {
      readonly uri: string;
    };
    expect(new URL(app.uri).searchParams.get('issuer')).toBe('Umbrella');
  });
});

async function readDocument() {
  const answer = await test.get('/auth/assets/brand/brand.json');
  const document = (await answer.json()) as Readonly<Record<string, unknown>>;
  const { logo: light, logoDark, icon } = document;
  return { document, brandFiles: [light, logoDark, icon].map(String) };
}
