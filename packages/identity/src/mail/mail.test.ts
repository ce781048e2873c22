import { createServer, type AddressInfo, type Server } from 'node:net';
import { OptionsError, silentLogger, type Message } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { toAccountMessage, type Recipient } from './account-message.ts';
import { features } from '../features.ts';
import { createDevelopmentMailbox } from './development-mailbox.ts';
import { createMailQueue } from './mail-queue.ts';
import { mailedProduct } from './mail-catalog.ts';
import { createSmtpMailer } from './smtp-mailer.ts';

const product = mailedProduct('https://app.example.test', 'Acme');
const messageOf = (kind: keyof typeof features.mails, to: Recipient, token = ''): Message => {
  const mail = features.mails[kind];
  if (mail === undefined) throw new TypeError(`there is no mail ${kind}`);
  return toAccountMessage(kind, to, mail.texts.en(product, token), product.productName);
};
const recipient = { name: 'Robin <b>', email: 'robin@example.test', emailVerified: true };
const message = messageOf('verify-email', recipient, 'token-1');

describe('a message', () => {
  it('links to the page of the public origin, in the text and in the HTML', () => {
    const link = 'https://app.example.test/verify-email?token=token-1';
    expect(message).toMatchObject({ kind: 'verify-email', to: 'robin@example.test', channel: 'email', links: [link] });
    expect(message.text).toContain(link);
    expect(message.html).toContain(`href="${link}"`);
  });

  it('does not carry markup of the name', () => {
    expect(message.html).not.toContain('<b>');
    expect(message.html).toContain('Robin &lt;b&gt;');
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
    expect(page).toContain('href="https://app.example.test/verify-email?token=token-1"');
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
