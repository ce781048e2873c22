import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { MessageRefused, type Message } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createChannelMailer } from './channel-mailer.ts';
import { createHttpSmsSender, type HttpSmsSenderOptions } from './http-sms-sender.ts';
import { createMailQueue } from './mail-queue.ts';

const message: Message = {
  to: '+4915123456789',
  channel: 'sms',
  kind: 'second-factor-code',
  subject: 'Your code',
  text: '123456 is your code for Sallyport.',
  links: [],
  code: '123456',
};

interface Received {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let gateway: Server;
let url: string;
let received: Received[];
let answer: (response: ServerResponse) => void;
beforeEach(async () => {
  received = [];
  answer = (response) => response.writeHead(202).end('{"id":"canary-answer"}');
  gateway = createServer((request, response) => void receive(request, response));
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const address = gateway.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/messages`;
});
afterEach(async () => {
  gateway.closeAllConnections();
  gateway.close();
  await once(gateway, 'close');
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  received.push({ method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() });
  answer(response);
}

const sender = (options: Partial<HttpSmsSenderOptions> = {}) => createHttpSmsSender({ url, ...options });

describe('an SMS gateway', () => {
  it('gets number, sender and text, and our token', async () => {
    await sender({ token: 'canary-token', from: 'Acme' }).send(message);
    expect(received).toMatchObject([
      { method: 'POST', headers: { authorization: 'Bearer canary-token', 'content-type': 'application/json' } },
    ]);
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({ to: message.to, from: 'Acme', text: message.text });
  });

  it('gets them as it calls them, in a form and by user and password, if it wants that', async () => {
    await sender({
      token: 'user:canary',
      authentication: 'basic',
      format: 'form',
      from: '+1555',
      fields: { to: 'To', from: 'From', text: 'Body' },
    }).send(message);
    expect(received).toMatchObject([{ headers: { authorization: `Basic ${btoa('user:canary')}` } }]);
    expect(Object.fromEntries(new URLSearchParams(received[0]?.body))).toEqual({
      To: message.to,
      From: '+1555',
      Body: message.text,
    });
  });

  it('gets the token in a header of its own', async () => {
    await sender({ token: 'canary-token', authentication: { header: 'X-API-Key' } }).send(message);
    expect(received).toMatchObject([{ headers: { 'x-api-key': 'canary-token' } }]);
    expect(received[0]?.headers.authorization).toBeUndefined();
  });

  it.each([400, 401, 403, 404, 422])('that answers %i has refused for good', async (status) => {
    answer = (response) => response.writeHead(status).end(message.text);
    const sending = sender().send(message);
    await expect(sending).rejects.toThrow(MessageRefused);
    await expect(sending).rejects.not.toThrow(/123456|\+49/);
  });

  it.each([408, 429, 500, 502, 503])('that answers %i may be asked again', async (status) => {
    answer = (response) => response.writeHead(status).end();
    const error: unknown = await sender()
      .send(message)
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(MessageRefused);
  });

  it('that does not answer is given up', async () => {
    answer = () => {};
    const error: unknown = await sender({ timeoutMilliseconds: 50 })
      .send(message)
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'TimeoutError' });
  });

  it('that is not there is a failure, not a refusal', async () => {
    const closed = createHttpSmsSender({ url: 'http://127.0.0.1:9/' });
    await expect(closed.send(message)).rejects.toThrow(TypeError);
  });

  it.each([301, 302, 307, 308])(
    'that redirects with %i is not followed: the code goes nowhere else',
    async (status) => {
      answer = (response) => response.writeHead(status, { location: '/elsewhere' }).end();
      await expect(sender().send(message)).rejects.toThrow(MessageRefused);
      expect(received).toHaveLength(1);
    },
  );

  it('sends no email', async () => {
    await expect(sender().send({ ...message, channel: 'email' })).rejects.toThrow(TypeError);
    expect(received).toEqual([]);
  });

  it.each([
    ['http://sms.example.com/', 'must be https'],
    ['ftp://sms.example.com/', 'must be https'],
    ['https://user:password@sms.example.com/', 'must hold no credentials'],
    ['sms.example.com', 'is not a URL'],
  ])('is refused under the address %s', (address, problem) => {
    expect(() => createHttpSmsSender({ url: address })).toThrow(problem);
  });
});

describe('the queue', () => {
  it('does not send a message again that was refused for good, and says so without its text', async () => {
    answer = (response) => response.writeHead(400).end();
    const lines: string[] = [];
    const note = (text: string, fields = {}) => void lines.push(`${text} ${JSON.stringify(fields)}`);
    const queue = createMailQueue({
      mailer: createChannelMailer({ sms: sender() }),
      logger: { info: note, warn: note, error: note },
      retryAfterMilliseconds: [1, 1],
    });
    queue.add(message);
    await queue.close();
    expect(received).toHaveLength(1);
    expect(lines).toEqual([
      'a message could not be sent {"event":"message-failed","kind":"second-factor-code","error":"MessageRefused"}',
    ]);
  });

  it('sends it again when the gateway was only out of order', async () => {
    answer = (response) => response.writeHead(received.length < 2 ? 503 : 200).end();
    const queue = createMailQueue({
      mailer: createChannelMailer({ sms: sender() }),
      logger: { info() {}, warn() {}, error() {} },
      retryAfterMilliseconds: [1, 1],
    });
    queue.add(message);
    await queue.close();
    expect(received).toHaveLength(2);
  });
});

describe('messages of two channels', () => {
  it('go their own ways, and nowhere where there is none', async () => {
    const sent: string[] = [];
    const email = { send: async (one: Message) => void sent.push(one.channel) };
    await createChannelMailer({ email, sms: sender() }).send({ ...message, channel: 'email' });
    await createChannelMailer({ email, sms: sender() }).send(message);
    expect({ sent, received: received.length }).toEqual({ sent: ['email'], received: 1 });
    await expect(createChannelMailer({ email }).send(message)).rejects.toThrow(MessageRefused);
  });
});
