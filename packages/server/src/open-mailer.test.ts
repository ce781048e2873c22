import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { callbackify } from 'node:util';
import { MessageRefused, type Mailer } from '@sallyport/core';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { createClosing } from './closing.ts';
import { readEnvironment } from './config/environment.ts';
import { parseConfig } from './config/parse-config.ts';
import { openMailer } from './open-mailer.ts';

const closing = createClosing();
afterEach(() => closing.close());

const smtp = { SMTP_URL: 'smtp://127.0.0.1:9' };

const email = { to: 'a@example.com', channel: 'email', kind: 'x', subject: 'Hello', text: 'body', links: [] } as const;
const textMessage = { ...email, to: '+4915123456789', channel: 'sms', text: 'code 123' } as const;

function open(variables: Readonly<Record<string, string>>, change: object = {}, openMailbox?: () => Promise<Mailer>) {
  const config = parseConfig(
    {
      publicUrl: 'https://app.example.com',
      mail: { from: 'Acme <no-reply@example.com>' },
      policy: { permissions: {}, roles: { user: [] } },
      routes: [{ name: 'x', prefix: '/x', upstream: 'http://127.0.0.1:1', audience: 'x', access: 'public' }],
      ...change,
    },
    'test',
  );
  return openMailer({ config, environment: readEnvironment(variables), openMailbox });
}

describe('what delivers messages', () => {
  it('delivers email by SMTP and text messages by the SMS gateway, where both are configured', async () => {
    const [mails, texts] = await Promise.all([startSmtpServer(), startSmsGateway()]);
    const mailer = await open(
      { SMTP_URL: mails.url, SMS_GATEWAY_URL: texts.url },
      { secondFactor: { methods: ['totp', 'sms'] } },
    );
    await mailer.send(email);
    await mailer.send(textMessage);
    expect(mails.received).toMatchObject([{ from: 'no-reply@example.com', to: [email.to] }]);
    expect(mails.received[0]?.content).toMatch(/Subject: Hello[\s\S]*body/);
    expect(texts.received.map((body) => JSON.parse(body) as unknown)).toEqual([
      { to: textMessage.to, text: textMessage.text },
    ]);
  });

  it('delivers email by SMTP and refuses text messages, where no SMS gateway is configured', async () => {
    const mails = await startSmtpServer();
    const mailer = await open({ SMTP_URL: mails.url });
    await mailer.send(email);
    await expect(mailer.send(textMessage)).rejects.toThrow(MessageRefused);
    expect(mails.received).toMatchObject([{ to: [email.to] }]);
  });

  it.each([
    { name: 'no mail server', variables: {}, key: 'SMTP_URL' },
    {
      name: 'text messages and no gateway',
      variables: smtp,
      change: { secondFactor: { methods: ['sms'] } },
      key: 'SMS_GATEWAY_URL',
    },
    {
      name: 'a gateway in clear',
      variables: { ...smtp, SMS_GATEWAY_URL: 'http://canary.example.com' },
      key: 'SMS_GATEWAY_URL',
    },
  ])('is refused with $name, and no value is named', async ({ variables, change = {}, key }) => {
    const opening = open(variables, change);
    await expect(opening).rejects.toThrow(key);
    await expect(opening).rejects.not.toThrow('canary');
  });

  it('is the mailbox, for what no configured server delivers', async () => {
    const mails = await startSmtpServer();
    const kept: string[] = [];
    const openMailbox = () => Promise.resolve({ send: async ({ to }: { to: string }) => void kept.push(to) });
    const withTexts = { secondFactor: { methods: ['totp', 'sms'] } };
    const withoutServers = await open({}, withTexts, openMailbox);
    await withoutServers.send(textMessage);
    await withoutServers.send(email);
    const withSmtp = await open({ SMTP_URL: mails.url }, withTexts, openMailbox);
    await withSmtp.send(email);
    await withSmtp.send(textMessage);
    expect(kept).toEqual([textMessage.to, email.to, textMessage.to]);
    expect(mails.received).toMatchObject([{ to: [email.to] }]);
  });

  it('opens no mailbox when servers deliver all that is sent', async () => {
    const mails = await startSmtpServer();
    const openMailbox = () => Promise.reject(new Error('it was opened'));
    const mailer = await open({ SMTP_URL: mails.url }, {}, openMailbox);
    await expect(mailer.send(textMessage)).rejects.toThrow(MessageRefused);
  });
});

interface Mail {
  readonly from: string | undefined;
  readonly to: readonly string[];
  readonly content: string;
}

async function startSmtpServer() {
  const received: Mail[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData: callbackify(async (stream: Readable, { envelope }: SMTPServerSession) => {
      const from = envelope.mailFrom === false ? undefined : envelope.mailFrom.address;
      const to = envelope.rcptTo.map(({ address }) => address);
      const chunks = (await stream.toArray()) as readonly Buffer[]; // A stream of bytes.
      received.push({ from, to, content: Buffer.concat(chunks).toString() });
    }),
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { url: `smtp://127.0.0.1:${(listening.address() as AddressInfo).port}`, received };
}

async function startSmsGateway() {
  const received: string[] = [];
  const server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      received.push(Buffer.concat(chunks as Buffer[]).toString());
      response.writeHead(202).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`, received };
}
