import { createServer, type AddressInfo, type Server } from 'node:net';
import {
  builtInPages,
  brandSchema,
  OptionsError,
  resolveBrand,
  silentLogger,
  type BrandImage,
  type BrandImages,
  type Message,
} from '@sallyport/core';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { toAccountMessage, type Recipient } from './account-message.ts';
import { features } from '../features.ts';
import { createDevelopmentMailbox } from './development-mailbox.ts';
import { toMailContent } from './mail-document.ts';
import { createMailQueue } from './mail-queue.ts';
import { mailedProduct } from './mail-catalog.ts';
import { createSmtpMailer } from './smtp-mailer.ts';

const settings = brandSchema.parse({
  name: 'Acme',
  colors: { light: { accent: '#0b6e4f' }, dark: { accent: '#7fe0be' } },
  radius: 8,
  font: 'Inter, sans-serif',
  links: { terms: '/terms', privacy: 'https://acme.example/privacy', support: 'mailto:help@acme.example' },
});
const brandWith = (images: BrandImages = {}) => resolveBrand(settings, 'https://app.example.test', images);
const product = mailedProduct('https://app.example.test', 'Acme', builtInPages);
const messageOf = (kind: keyof typeof features.mails, to: Recipient, token = ''): Message => {
  const mail = features.mails[kind];
  if (mail === undefined) throw new TypeError(`there is no mail ${kind}`);
  return toAccountMessage(kind, to, mail.texts.en(product, token, {}), brandWith());
};
const recipient = { name: 'Robin <b>', email: 'robin@example.test', emailVerified: true };
const message = messageOf('verify-email', recipient, 'token-1');

describe('a message', () => {
  it('links to the page of the public origin, in the text and in the HTML', () => {
    const link = 'https://app.example.test/auth/verify?token=token-1';
    expect(message).toMatchObject({ kind: 'verify-email', to: 'robin@example.test', channel: 'email', links: [link] });
    expect(message.text).toContain(link);
    expect(message.html).toContain(`href="${link}"`);
  });

  it('does not carry markup of the name', () => {
    expect(message.html).not.toContain('<b>');
    expect(message.html).toContain('Robin &lt;b&gt;');
  });
});

describe('a mail', () => {
  it.each(['text', 'html'] as const)('reads as it was last looked at, in %s', async (format) => {
    const ending = format === 'html' ? 'html' : 'txt';
    await expect(message[format]).toMatchFileSnapshot(`snapshots/verify-email.${ending}`);
  });

  it.each(Object.keys(features.mails))('loads nothing and runs nothing: %s', (kind) => {
    const { html = '', images } = messageOf(kind, recipient, 'token-1');
    expect(html).not.toMatch(/<(?:script|link|iframe|object|form|input|img)|src=|url\(|@import/i);
    expect(images).toEqual([]);
  });

  const image = (name: string, mediaType: BrandImage['mediaType']): BrandImage => ({
    path: `/auth/assets/brand/${name}.abc.png`,
    mediaType,
    content: Buffer.from(`bytes of ${name}`),
  });
  const logo = image('logo', 'image/png');
  const logoDark = image('logo-dark', 'image/jpeg');
  const contentOf = (images: BrandImages) => toMailContent(brandWith(images), 'Subject', []);

  it.each(['image/svg+xml', 'image/webp'] as const)('shows the name in place of a logo in %s', (mediaType) => {
    const { html, images } = contentOf({ logo: image('logo', mediaType) });
    expect(images).toEqual([]);
    expect(html).toMatch(/>Acme<\/td>/);
    expect(html).not.toContain('<img');
  });

  it('carries its logo, and refers to it by its identifier alone', () => {
    const { html, images } = contentOf({ logo });
    expect(images).toEqual([{ contentId: 'logo.abc.png@brand', mediaType: 'image/png', content: logo.content }]);
    expect(html).toContain('<img src="cid:logo.abc.png@brand" alt="Acme"');
    expect(html.match(/<img/g)).toHaveLength(1);
  });

  it('carries a second logo for the dark theme', () => {
    const { html, images } = contentOf({ logo, logoDark });
    expect(images.map(({ contentId }) => contentId)).toEqual(['logo.abc.png@brand', 'logo-dark.abc.png@brand']);
    expect(html).toContain('class="on-dark"');
  });
});

describe('a message to an address that is not verified', () => {
  it.each(Object.keys(features.mails))('does not carry the name: %s', (kind) => {
    const spam = { name: 'You won at evil.test', email: 'stranger@example.test', emailVerified: false };
    const { subject, text, html } = messageOf(kind, spam, 'token-1');
    expect(`${subject} ${text} ${html ?? ''}`).not.toContain('evil.test');
  });
});

describe('the mail queue', () => {
  it('tries again, a bounded number of times, and never says what is in a message', async () => {
    const lines: string[] = [];
    const log = (text: string, fields: object = {}) => void lines.push(`${text} ${JSON.stringify(fields)}`);
    let tries = 0;
    const mailer = {
      send: async () => {
        tries += 1;
        throw new Error(`550 no such user ${recipient.email}`);
      },
    };
    const queue = createMailQueue({
      mailer,
      logger: { info: log, warn: log, error: log },
      retryAfterMilliseconds: [1, 1],
    });
    queue.add(message);
    await queue.close();
    expect(tries).toBe(3);
    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toMatch(/robin|token-1/);
  });

  it('delivers after a passing failure', async () => {
    const sent: Message[] = [];
    let isDown = true;
    const mailer = {
      send: async (one: Message) => {
        if (isDown) {
          isDown = false;
          throw new Error('down');
        }
        sent.push(one);
      },
    };
    const queue = createMailQueue({ mailer, logger: silentLogger, retryAfterMilliseconds: [1] });
    queue.add(message);
    await queue.close();
    expect(sent).toEqual([message]);
  });

  it('drops what does not fit, and says so', async () => {
    let count = 0;
    const lines: string[] = [];
    const logger = { ...silentLogger, error: (text: string) => void lines.push(text) };
    const mailer = { send: async () => void (count += 1) };
    const queue = createMailQueue({ mailer, logger, capacity: 2 });
    for (let index = 0; index < 5; index += 1) queue.add(message);
    await queue.close();
    expect(count).toBe(2);
    expect(lines).toHaveLength(3);
  });
});

describe('the development mailbox', () => {
  it('lists messages newest first, and only those to an address when asked', async () => {
    const { mailer, app } = createDevelopmentMailbox({ now: () => new Date(0) });
    await mailer.send(message);
    await mailer.send(messageOf('password-changed', { ...recipient, email: 'Other@example.test' }));
    const all = await (await app.request('/messages')).json();
    expect(all).toMatchObject([
      { to: 'other@example.test', kind: 'password-changed' },
      {
        to: 'robin@example.test',
        channel: 'email',
        kind: 'verify-email',
        subject: message.subject,
        links: message.links,
        code: null,
        at: '1970-01-01T00:00:00.000Z',
      },
    ]);
    expect(await (await app.request('/messages?to=ROBIN%40example.test')).json()).toHaveLength(1);
    expect(await (await app.request('/messages?to=unknown@x.test')).json()).toEqual([]);
  });

  it('keeps the newest messages only', async () => {
    const { mailer, app } = createDevelopmentMailbox({ capacity: 3 });
    for (let index = 0; index < 5; index += 1) await mailer.send({ ...message, subject: `number ${index}` });
    const listed = (await (await app.request('/messages')).json()) as { subject: string }[];
    expect(listed.map(({ subject }) => subject)).toEqual(['number 4', 'number 3', 'number 2']);
  });

  it.each([
    { name: 'under the name of a stranger', headers: { host: 'evil.test:3025' } },
    { name: 'under a name that only looks local', headers: { host: 'localhost.evil.test' } },
    { name: 'under no readable name', headers: { host: '127.0.0.1:x' } },
    { name: 'from a page of another origin', headers: { host: '127.0.0.1:3025', origin: 'https://evil.test' } },
    { name: 'from a page of another port', headers: { host: '127.0.0.1:3025', origin: 'http://127.0.0.1:3000' } },
    { name: 'from a page without an origin', headers: { host: '127.0.0.1:3025', origin: 'null' } },
    { name: 'from a script of another site', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
    { name: 'from a script of another port', headers: { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' } },
    {
      name: 'from a frame of another site',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    },
  ])('is not read $name', async ({ headers }) => {
    const { mailer, app } = createDevelopmentMailbox();
    await mailer.send(message);
    for (const path of ['/messages', '/messages/1', '/', '/count']) {
      const answer = await app.request(path, { headers });
      expect(answer.status).toBe(403);
      expect(await answer.text()).not.toContain('robin');
    }
  });

  it.each([
    { name: 'a program', headers: { host: '127.0.0.1:3025' } },
    { name: 'its own page', headers: { host: 'localhost:3025', 'sec-fetch-site': 'same-origin' } },
    { name: 'its own form', headers: { host: '[::1]:3025', origin: 'http://[::1]:3025' } },
    { name: 'the address bar', headers: { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' } },
    {
      name: 'a link that was followed',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    },
  ])('is read from $name', async ({ headers }) => {
    expect((await createDevelopmentMailbox().app.request('/', { headers })).status).toBe(200);
  });

  it('shows a mail as people see it, with its images, and lets nothing in it run or load', async () => {
    const { mailer, app } = createDevelopmentMailbox();
    await mailer.send({
      ...message,
      html: '<html><head></head><body><img src="cid:logo"><script>alert(1)</script></body></html>',
      images: [{ contentId: 'logo', mediaType: 'image/png', content: Buffer.from('png') }],
    });
    const page = await (await app.request('/')).text();
    expect(page).toMatch(/<iframe src="\/messages\/1" [^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"/);
    const answer = await app.request('/messages/1');
    expect(await answer.text()).toContain(`<img src="data:image/png;base64,${Buffer.from('png').toString('base64')}">`);
    const policy = answer.headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", 'img-src data:', "frame-ancestors 'self'", 'sandbox allow-popups'])
      expect(policy).toContain(rule);
    expect(policy).not.toContain('script-src');
    expect(policy).not.toMatch(/sandbox[^;]*allow-(?:scripts|same-origin|forms)/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['/messages/2', '/messages/0', '/messages/x', '/messages/1e0', '/messages/1/x'])(
    'has no mail at %s',
    async (path) => {
      const { mailer, app } = createDevelopmentMailbox();
      await mailer.send(message);
      expect((await app.request(path)).status).toBe(404);
    },
  );

  it('has no page for a message without HTML', async () => {
    const { mailer, app } = createDevelopmentMailbox();
    const { html: _, ...text } = message;
    await mailer.send({ ...text, channel: 'sms' });
    expect((await app.request('/messages/1')).status).toBe(404);
    expect(await (await app.request('/')).text()).not.toContain('<iframe');
  });

  it('shows a page on which no text of a message is markup', async () => {
    const { mailer, app } = createDevelopmentMailbox();
    const attack = '<img src=x onerror=alert(1)>';
    await mailer.send({
      ...message,
      subject: attack,
      text: attack,
      to: `${attack}@x.test`,
      links: ['javascript:alert(1)', ...message.links],
    });
    const answer = await app.request(`/?to=${encodeURIComponent('"><script>alert(1)</script>')}`);
    const filtered = await answer.text();
    const page = await (await app.request('/')).text();
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const text of [filtered, page]) {
      expect(text).not.toContain('<img');
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain('javascript:');
    }
    expect(page).toContain('href="https://app.example.test/auth/verify?token=token-1"');
  });
});

describe('the SMTP mailer', () => {
  it('delivers to a server', async () => {
    const { server, port, received } = await startSmtpServer();
    await createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: 'Acme <no-reply@example.test>' }).send(message);
    expect(received.join('')).toContain('RCPT TO:<robin@example.test>');
    expect(received.join('')).toContain('Subject: Confirm your email address for Acme');
    server.close();
  });

  it('keeps every header in its line, whatever the product is called, and logos beside the HTML', async () => {
    const { server, port, received } = await startSmtpServer();
    const name = `Tom & "Jerry", Ütrecht; Bcc: all@example.test`;
    const content = Buffer.from('bytes of a logo');
    await createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: 'no-reply@example.test', name: () => name }).send({
      ...message,
      subject: `Your code for ${name}`,
      images: [{ contentId: 'logo.abc.png@brand', mediaType: 'image/png', content }],
    });
    const [, mail = ''] = /354 go on|(?:DATA\r\n)([\s\S]*)\r\n\.\r\n/.exec(received.join('')) ?? [];
    expect(received.join('').match(/RCPT TO/g)).toHaveLength(1);
    const parsed = await PostalMime.parse(mail);
    expect(parsed.from).toEqual({ name, address: 'no-reply@example.test' });
    expect(parsed.subject).toBe(`Your code for ${name}`);
    expect(parsed.to).toEqual([{ name: '', address: 'robin@example.test' }]);
    expect(parsed.bcc ?? []).toEqual([]);
    expect(parsed.attachments).toMatchObject([
      { contentId: '<logo.abc.png@brand>', mimeType: 'image/png', disposition: 'inline', related: true },
    ]);
    expect(Buffer.from(parsed.attachments[0]?.content as ArrayBuffer)).toEqual(content);
    server.close();
  });

  it('takes the name of a sender from its setting, where one stands there', async () => {
    const { server, port, received } = await startSmtpServer();
    const from = 'Acme Support <no-reply@example.test>';
    await createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from, name: () => 'Acme' }).send(message);
    expect(received.join('')).toContain(`From: ${from}`);
    server.close();
  });

  it('rejects when there is no server', async () => {
    const { server, port } = await startSmtpServer();
    await new Promise((resolve) => server.close(resolve));
    const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: 'no-reply@example.test' });
    await expect(mailer.send(message)).rejects.toThrow();
  });

  it.each(['http://mail.example.test', 'mail.example.test', ''])('is not built on %j', (url) => {
    expect(() => createSmtpMailer({ url, from: 'x@example.test' })).toThrow(OptionsError);
  });
});

async function startSmtpServer(): Promise<{ server: Server; port: number; received: string[] }> {
  const received: string[] = [];
  const server = createServer((socket) => {
    let isData = false;
    socket.write('220 ready\r\n');
    socket.on('data', (chunk) => {
      const text = chunk.toString();
      received.push(text);
      if (isData) {
        if (!text.endsWith('\r\n.\r\n')) return;
        isData = false;
        socket.write('250 kept\r\n');
      } else if (text.startsWith('DATA')) {
        isData = true;
        socket.write('354 go on\r\n');
      } else if (text.startsWith('QUIT')) socket.end('221 bye\r\n');
      else socket.write('250 fine\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, received };
}
