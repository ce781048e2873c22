import { createHmac, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { createLocalKeySource, createTokenVerifier, internalIssuerPath } from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, sendRaw } from '../test-support/raw-client.ts';
import { createTestDeliveries, storeOutage } from '../test-support/test-deliveries.ts';
import { cookie } from '../test-support/test-gateway.ts';
import {
  githubSecret,
  nowSeconds,
  senders,
  signStandard,
  standardSecret,
  startWebhookGateway,
  testSecrets,
  type Sender,
  type SignedDelivery,
  type WebhookGateway,
} from './webhooks.test-support.ts';

let gateway: WebhookGateway;
let forwardAuthPort: number;
beforeAll(async () => {
  gateway = await startWebhookGateway({ forwardAuth: { proxies: ['127.0.0.1'] } });
  ({ port: forwardAuthPort } = await gateway.gateway.listenForwardAuth({ host: '127.0.0.1', port: 0 }));
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.upstream.reset();
  gateway.refusals.length = 0;
  gateway.deliveries.before = () => {};
});

const standard = (body = '{"type":"paid"}', seconds = nowSeconds()): SignedDelivery =>
  signStandard(body, seconds, `msg_${randomUUID()}`);
/** No two bodies are the same: senders that sign no id and no time would send a copy. */
const signed = (sender: Sender, change: Partial<{ body: string; seconds: number }> = {}): SignedDelivery =>
  sender.sign(change.body ?? JSON.stringify({ id: randomUUID() }), change.seconds ?? nowSeconds(), randomUUID());

describe('a delivery that is signed', () => {
  it.each(senders)('reaches the service as it is, from $name', async (sender) => {
    const delivery = signed(sender, { body: `{"id":"${randomUUID()}","name":"Zoë"}` });
    expect((await gateway.deliver(delivery)).status).toBe(200);
    expect(gateway.upstream.seen).toHaveLength(1);
    expect(gateway.upstream.seen[0]?.body).toBe(delivery.body);
  });

  it('comes with a token of a service that is the sender', async () => {
    await gateway.deliver(standard(), { ...cookie(gateway.sessions.add()) });
    const verifier = createTokenVerifier({
      issuer: `https://app.test${internalIssuerPath}`,
      audience: 'shop',
      keys: createLocalKeySource(gateway.keyRing.publicKeys('internal')),
    });
    const [seen] = gateway.upstream.seen;
    const caller = await verifier.verify(String(seen?.headers['authorization']).slice('Bearer '.length));
    expect(caller).toMatchObject({
      kind: 'service',
      id: 'webhook:standard',
      clientId: 'webhook:standard',
      credential: 'webhook',
      roles: [],
      permissions: [],
    });
    expect(caller.sid).toBeUndefined();
    expect(seen?.headers['cookie']).toBeUndefined();
    expect(seen?.headers['webhook-id']).toMatch(/^msg_/);
  });

  it('may come without a body, in chunks, and with a token that counts nothing', async () => {
    expect((await gateway.deliver(standard(''))).status).toBe(200);
    expect((await gateway.deliver(standard(), { Authorization: 'Bearer x.y.z' })).status).toBe(200);
    const { headers, path } = standard('{"a":1}');
    const chunked = { ...headers, 'Transfer-Encoding': 'chunked' };
    const lines = Object.entries(chunked).map(([name, value]) => `${name}: ${value}`);
    const head = `POST ${path} HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n${lines.join('\r\n')}\r\n\r\n`;
    const answer = await sendRaw(gateway.port, `${head}3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n`);
    expect(answer.status).toBe(200);
    expect(gateway.upstream.seen.at(-1)?.body).toBe('{"a":1}');
  });

  it.each([
    { name: 'the first of two secrets', use: 0 },
    { name: 'the second of two secrets', use: 1 },
  ])('is verified with $name', async ({ use }) => {
    const both = [standardSecret, `whsec_${Buffer.from(randomUUID().replaceAll('-', '')).toString('base64')}`];
    const rotating = await startWebhookGateway({ secrets: () => new Map([...testSecrets, ['standard', both]]) });
    expect((await rotating.deliver(signStandard('{}', nowSeconds(), randomUUID(), both[use]))).status).toBe(200);
    await rotating.close();
  });

  it('may have the signatures of several secrets, and of versions that are not known', async () => {
    const delivery = standard();
    const own = delivery.headers['webhook-signature'] ?? '';
    const other = standard('other').headers['webhook-signature'] ?? '';
    const answer = await gateway.deliver(delivery, { 'webhook-signature': `v1a,AAAA ${other} ${own}` });
    expect(answer.status).toBe(200);
  });
});

describe('a delivery that is not genuine', () => {
  const far = 301;

  it.each([
    { name: 'without an id', change: { 'webhook-id': '' }, reason: 'webhook-header-missing' },
    { name: 'without a time', change: { 'webhook-timestamp': '' }, reason: 'webhook-header-missing' },
    { name: 'without a signature', change: { 'webhook-signature': '' }, reason: 'webhook-header-missing' },
    { name: 'with an id that has a dot', change: { 'webhook-id': 'a.1' }, reason: 'webhook-header-malformed' },
    {
      name: 'with a time of milliseconds',
      change: { 'webhook-timestamp': `${Date.now()}` },
      reason: 'webhook-header-malformed',
    },
    {
      name: 'with a time that is a date',
      change: { 'webhook-timestamp': '2026-11-30' },
      reason: 'webhook-header-malformed',
    },
    {
      name: 'with a time in front of which stands 0',
      change: { 'webhook-timestamp': `0${nowSeconds()}` },
      reason: 'webhook-header-malformed',
    },
    { name: 'with a negative time', change: { 'webhook-timestamp': '-5' }, reason: 'webhook-header-malformed' },
    {
      name: 'with a signature of another version',
      change: { 'webhook-signature': 'v2,AAAA' },
      reason: 'webhook-header-malformed',
    },
    {
      name: 'with a signature that is short',
      change: { 'webhook-signature': 'v1,AAAA' },
      reason: 'webhook-header-malformed',
    },
    {
      name: 'with too many signatures',
      change: { 'webhook-signature': 'v1,a '.repeat(17).trim() },
      reason: 'webhook-header-malformed',
    },
    { name: 'with another id', change: { 'webhook-id': 'msg_other' }, reason: 'webhook-signature-wrong' },
    {
      name: 'with another time',
      change: { 'webhook-timestamp': String(nowSeconds() - 7) },
      reason: 'webhook-signature-wrong',
    },
    { name: 'with another body', change: {}, body: '{"type":"refunded"}', reason: 'webhook-signature-wrong' },
  ])('is refused $name', async ({ change, body, reason }) => {
    const { size } = gateway.deliveries.states;
    const answer = await gateway.deliver(standard(), change, body);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_WEBHOOK_UNVERIFIED' });
    expect(gateway.lastReason()).toBe(reason);
    expect(gateway.upstream.started).toBe(0);
    expect(gateway.deliveries.states.size).toBe(size);
  });

  it.each(senders.filter(({ hasTime }) => hasTime))(
    'is refused when it is too old or of the future, from $name',
    async (sender) => {
      expect((await gateway.deliver(signed(sender, { seconds: nowSeconds() - far }))).status).toBe(401);
      expect(gateway.lastReason()).toBe('webhook-too-old');
      expect((await gateway.deliver(signed(sender, { seconds: nowSeconds() + far + 5 }))).status).toBe(401);
      expect(gateway.lastReason()).toBe('webhook-from-the-future');
      expect((await gateway.deliver(signed(sender, { seconds: nowSeconds() - 250 }))).status).toBe(200);
      expect(gateway.upstream.started).toBe(1);
    },
  );

  it('is refused with a header that comes twice', async () => {
    const { headers, path, body } = standard();
    for (const name of Object.keys(headers)) {
      const lines = [...Object.entries(headers), [name.toUpperCase(), headers[name]]].map(
        ([key, value]) => `${key}: ${value}`,
      );
      const head = `POST ${path} HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nContent-Length: ${body.length}\r\n`;
      expect((await sendRaw(gateway.port, `${head}${lines.join('\r\n')}\r\n\r\n${body}`)).status).toBe(401);
      expect(gateway.lastReason()).toBe('webhook-header-repeated');
    }
    expect(gateway.upstream.started).toBe(0);
  });

  it('is refused where it was signed for another route', async () => {
    const { headers, body } = standard();
    const answer = await gateway.send('POST', '/in/github', headers, body);
    expect(answer.status).toBe(401);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('is refused by %s', async (method) => {
    const { headers, path } = standard('');
    expect((await gateway.send(method, path, headers)).status).toBe(405);
  });

  it('does not get in by a session, signed in or not', async () => {
    const answer = await gateway.send(
      'POST',
      '/in/standard',
      { ...cookie(gateway.sessions.add()), Origin: 'https://app.test' },
      '{}',
    );
    expect(answer.status).toBe(401);
    expect(gateway.upstream.started).toBe(0);
  });

  it('does not get in by the internal listener', async () => {
    const { headers, path, body } = standard();
    const answer = await request(
      gateway.internalPort,
      'POST',
      path,
      { ...headers, Host: `127.0.0.1:${gateway.internalPort}` },
      body,
    );
    expect([401, 403]).toContain(answer.status);
    expect(gateway.upstream.started).toBe(0);
  });

  it('does not get in by an auth subrequest, which has no body', async () => {
    const { headers, path } = standard();
    const answer = await request(forwardAuthPort, 'GET', '/forward-auth', {
      ...headers,
      'X-Forwarded-Method': 'POST',
      'X-Forwarded-Uri': path,
      'X-Forwarded-Host': 'app.test',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-For': '198.51.100.7',
    });
    expect(answer.status).toBe(401);
  });
});

describe('a delivery that comes again', () => {
  it.each(senders)('is refused after the service took it, from $name', async (sender) => {
    const delivery = signed(sender);
    expect((await gateway.deliver(delivery)).status).toBe(200);
    const answer = await gateway.deliver(delivery);
    expect(answer.status).toBe(409);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_WEBHOOK_REPLAYED' });
    expect(gateway.lastReason()).toBe('webhook-delivered-before');
    expect(gateway.upstream.started).toBe(1);
  });

  it('is refused with the same id and another time, which the sender signed anew', async () => {
    const id = randomUUID();
    expect((await gateway.deliver(signStandard('{}', nowSeconds(), id))).status).toBe(200);
    expect((await gateway.deliver(signStandard('{}', nowSeconds() + 5, id))).status).toBe(409);
  });

  it('is refused with one of its two signatures alone, where no id is signed', async () => {
    const second = randomUUID().replaceAll('-', '') + randomUUID().replaceAll('-', '');
    const secrets = new Map([...testSecrets, ['github', [githubSecret, second]]]);
    const rotating = await startWebhookGateway({ secrets: () => secrets });
    const items = [githubSecret, second].map(
      (secret) => `sha256=${createHmac('sha256', secret).update('{}').digest('hex')}`,
    );
    const send = (header: string) => rotating.send('POST', '/in/github', { 'X-Hub-Signature-256': header }, '{}');
    expect((await send(items.join(','))).status).toBe(200);
    for (const item of items) expect((await send(item)).status).toBe(409);
    expect(rotating.upstream.started).toBe(1);
    await rotating.close();
  });

  it.each([500, 502, 503, 400, 401, 404, 429, 303])('is taken again after the service answered %d', async (status) => {
    const delivery = standard();
    gateway.upstream.answer = (_, response) => response.writeHead(status).end('no');
    expect((await gateway.deliver(delivery)).status).toBe(status);
    gateway.upstream.reset();
    expect((await gateway.deliver(delivery)).status).toBe(200);
    expect((await gateway.deliver(delivery)).status).toBe(409);
  });

  it('is taken again after the service broke off', async () => {
    const delivery = standard();
    gateway.upstream.answer = (incoming) => incoming.socket.destroy();
    expect((await gateway.deliver(delivery)).status).toBe(502);
    gateway.upstream.reset();
    expect((await gateway.deliver(delivery)).status).toBe(200);
  });

  it('is taken again after the sender left before the answer', async () => {
    const delivery = standard();
    const asked = Promise.withResolvers<void>();
    gateway.upstream.answer = () => asked.resolve();
    const socket = connect(gateway.port, '127.0.0.1');
    const lines = Object.entries(delivery.headers).map(([name, value]) => `${name}: ${value}`);
    socket.write(
      `POST ${delivery.path} HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${delivery.body.length}\r\n${lines.join('\r\n')}\r\n\r\n${delivery.body}`,
    );
    await asked.promise;
    expect((await gateway.deliver(delivery)).status).toBe(409);
    expect(gateway.lastReason()).toBe('webhook-in-progress');
    socket.destroy();
    await expect.poll(() => [...gateway.deliveries.states.values()]).not.toContain('claimed');
    gateway.upstream.reset();
    expect((await gateway.deliver(delivery)).status).toBe(200);
  });

  it('is refused after the sender left while it was noted as delivered', async () => {
    const delivery = standard();
    const [noting, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    gateway.deliveries.before = async (call) => {
      if (call !== 'complete') return;
      noting.resolve();
      await goOn.promise;
    };
    const socket = connect(gateway.port, '127.0.0.1');
    const lines = Object.entries(delivery.headers).map(([name, value]) => `${name}: ${value}`);
    socket.write(
      `POST ${delivery.path} HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${delivery.body.length}\r\n${lines.join('\r\n')}\r\n\r\n${delivery.body}`,
    );
    await noting.promise;
    socket.destroy();
    // By then the gateway has noticed that it is gone.
    for (let turn = 0; turn < 3; turn++) expect((await gateway.send('GET', '/public')).status).toBe(200);
    goOn.resolve();
    await expect.poll(async () => (await gateway.deliver(delivery)).status).toBe(409);
    expect(gateway.lastReason()).toBe('webhook-delivered-before');
    expect(gateway.upstream.seen.filter(({ headers }) => headers['webhook-id'] !== undefined)).toHaveLength(1);
  });

  it('reaches the service once when it comes twenty times at once, at two gateways', async () => {
    const deliveries = createTestDeliveries();
    const gateways = [await startWebhookGateway({ deliveries }), await startWebhookGateway({ deliveries })];
    const delivery = standard();
    const copies = Array.from({ length: 10 }, () => gateways.map((one) => one.deliver(delivery))).flat();
    const statuses = (await Promise.all(copies)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
    expect(gateways.reduce((sum, { upstream }) => sum + upstream.started, 0)).toBe(1);
    for (const one of gateways) await one.close();
  });
});

describe('a delivery while the store does not answer', () => {
  it('is answered 503, reaches no service, and is taken afterwards', async () => {
    const delivery = standard();
    gateway.deliveries.before = () => {
      throw storeOutage();
    };
    const answer = await gateway.deliver(delivery);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(gateway.upstream.started).toBe(0);
    gateway.deliveries.before = () => {};
    expect((await gateway.deliver(delivery)).status).toBe(200);
  });

  it('is not reported as delivered when that could not be noted, and is taken again', async () => {
    const delivery = standard();
    gateway.deliveries.before = (call) => {
      if (call === 'complete') throw storeOutage();
    };
    expect((await gateway.deliver(delivery)).status).toBe(503);
    gateway.deliveries.before = () => {};
    expect((await gateway.deliver(delivery)).status).toBe(200);
    expect(gateway.upstream.started).toBe(2);
  });

  it('is not refused as unverified: an outage is never the fault of the sender', async () => {
    gateway.deliveries.before = () => {
      throw new Error('connection refused');
    };
    expect((await gateway.deliver(standard())).status).toBe(500);
    expect(gateway.upstream.started).toBe(0);
  });
});
