import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { OptionsError, routeSchema, type RouteInput } from '@sallyport/core';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGateway } from '../gateway.ts';
import { sendRaw } from '../test-support/raw-client.ts';
import { createTestDeliveries } from '../test-support/test-deliveries.ts';
import { createTestKeyRing } from '../test-support/test-key-ring.ts';
import { createTestBus, createTestSessions } from '../test-support/test-sessions.ts';
import { createHeldBytes } from './held-bytes.ts';
import {
  nowSeconds,
  signStandard,
  standardSecret,
  startWebhookGateway,
  testSecrets,
  type WebhookGateway,
} from './webhooks.test-support.ts';

const megabyte = 1_048_576;
const sockets: Socket[] = [];
let gateway: WebhookGateway;
let secrets = testSecrets;
beforeAll(async () => {
  gateway = await startWebhookGateway({
    secrets: () => secrets,
    limits: { webhookBytes: 33_554_432 },
    more: [
      {
        name: 'small',
        prefix: '/in/small',
        access: 'service',
        webhook: { secret: 'small', bodyBytes: 100 },
        limits: { inFlight: 1 },
      },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.upstream.reset();
  gateway.refusals.length = 0;
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const smallSecret = `whsec_${Buffer.from(`${randomUUID()}${randomUUID()}`).subarray(0, 40).toString('base64')}`;
secrets = new Map([...testSecrets, ['small', [smallSecret]]]);

const head = (path: string, headers: Readonly<Record<string, string>>): string =>
  `POST ${path} HTTP/1.1\r\nHost: app.test\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

/** Begins a delivery and sends so much of its body. */
function begin(announced: number, sent = 0): Socket {
  const { headers, path } = signStandard('{}', nowSeconds(), randomUUID());
  const socket = connect(gateway.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  socket.write(head(path, { ...headers, 'Content-Length': String(announced) }));
  socket.write(Buffer.alloc(sent, 'a'));
  return socket;
}

describe('the body of a webhook', () => {
  const small = (body: string) => ({
    ...signStandard(body, nowSeconds(), randomUUID(), smallSecret),
    path: '/in/small',
  });

  it('may have as many bytes as its route allows, and not one more', async () => {
    expect((await gateway.deliver(small('a'.repeat(100)))).status).toBe(200);
    const answer = await gateway.deliver(small('a'.repeat(101)));
    expect(answer.status).toBe(413);
    expect(gateway.upstream.started).toBe(1);
  });

  it('is refused when it grows too large without having said so', async () => {
    const { headers, path } = small('a'.repeat(101));
    const chunked = head(path, { ...headers, Connection: 'close', 'Transfer-Encoding': 'chunked' });
    const answer = await sendRaw(gateway.port, `${chunked}65\r\n${'a'.repeat(101)}\r\n0\r\n\r\n`);
    expect(answer.status).toBe(413);
    expect(gateway.upstream.started).toBe(0);
  });

  it('takes no place at the service before it is whole and verified', async () => {
    const delivery = small('abcdef');
    for (let count = 0; count < 5; count++) {
      const socket = connect(gateway.port, '127.0.0.1');
      sockets.push(socket);
      socket.write(head('/in/small', { ...small('abcdef').headers, 'Content-Length': '6' }));
      socket.write('abc');
    }
    expect((await gateway.deliver(delivery)).status).toBe(200);
    expect(gateway.upstream.started).toBe(1);
  });

  it('finds room again when others have gone, and takes a quarter of it at most from one network', async () => {
    for (let count = 0; count < 7; count++) begin(megabyte, 10);
    const large = () => gateway.deliver(signStandard('a'.repeat(megabyte), nowSeconds(), randomUUID()));
    await expect.poll(async () => (await large()).status).toBe(503);
    expect(gateway.lastReason()).toBe('webhook-bodies-held');
    expect(gateway.upstream.started).toBeLessThan(8);
    for (const socket of sockets.splice(0)) socket.destroy();
    await expect.poll(async () => (await large()).status).toBe(200);
  });

  it('does not keep an old delivery young by coming slowly', async () => {
    let now = Date.now();
    const slow = await startWebhookGateway({ now: () => new Date(now) });
    const { headers, path } = signStandard('abc', Math.floor(now / 1000), randomUUID());
    const socket = connect(slow.port, '127.0.0.1');
    sockets.push(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write(head(path, { ...headers, 'Content-Length': '3', Expect: '100-continue' }));
    await expect.poll(() => text).toContain('100 Continue');
    now += 301_000;
    socket.write('abc');
    await expect.poll(() => text).toContain('HTTP/1.1 401');
    expect(slow.lastReason()).toBe('webhook-too-old');
    await slow.close();
  });
});

describe('secrets of webhooks', () => {
  it('are used as they are when a delivery comes: one that was taken away counts no longer', async () => {
    const delivery = (secret: string) => signStandard('{}', nowSeconds(), randomUUID(), secret);
    const next = `whsec_${Buffer.from(`${randomUUID()}${randomUUID()}`).subarray(0, 32).toString('base64')}`;
    const before = secrets;
    secrets = new Map([...before, ['standard', [next, standardSecret]]]);
    expect((await gateway.deliver(delivery(next))).status).toBe(200);
    expect((await gateway.deliver(delivery(standardSecret))).status).toBe(200);
    secrets = new Map([...before, ['standard', [next]]]);
    expect((await gateway.deliver(delivery(standardSecret))).status).toBe(401);
    expect((await gateway.deliver(delivery(next))).status).toBe(200);
    secrets = new Map([...before].filter(([name]) => name !== 'standard'));
    expect((await gateway.deliver(delivery(next))).status).toBe(401);
    secrets = before;
  });
});

describe('the account of held bytes', () => {
  it('never exceeds its bound, nor the share of a client, and returns to nothing', () => {
    const body = fc.record({
      client: fc.constantFrom('a', 'b', 'c', undefined),
      bytes: fc.nat(40_000),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(body, { maxLength: 60 }), (bodies) => {
        const held = createHeldBytes(100_000);
        const open: { release: () => void }[] = [];
        for (const { client, bytes, ends } of bodies) {
          try {
            const one = held.open(client, 10_000);
            open.push(one);
            one.take(bytes);
            if (ends) one.release();
          } catch {
            open.at(-1)?.release();
          }
          expect(held.held).toBeLessThanOrEqual(100_000);
        }
        for (const one of open) one.release();
        expect(held.held).toBe(0);
      }),
    );
  });
});

describe('a route that takes webhooks', () => {
  const build = (change: Partial<RouteInput>, names: readonly string[] = ['billing']): void => {
    const input = {
      name: 'hook',
      prefix: '/hook',
      upstream: 'http://127.0.0.1:9',
      audience: 'shop',
      access: 'service',
    } as const;
    const route = routeSchema.parse({ ...input, webhook: { secret: 'billing' }, ...change });
    createGateway({
      publicUrl: 'https://app.test',
      routes: [route, routeSchema.parse({ ...input, name: 'plain', prefix: '/plain', access: 'public' })],
      sessions: createTestSessions(),
      bus: createTestBus(),
      keyRing: createTestKeyRing(),
      webhooks: {
        secrets: () => new Map(names.map((name) => [name, [standardSecret]])),
        deliveries: createTestDeliveries(),
      },
    });
  };

  it('can be built', () => {
    expect(() => build({})).not.toThrow();
    expect(() =>
      build({ methods: ['POST', 'PUT'], limits: { requests: [{ per: 'address', max: 5, seconds: 1 }] } }),
    ).not.toThrow();
  });

  it.each<{ name: string; change: Partial<RouteInput>; says: RegExp }>([
    { name: 'that is public', change: { access: 'public' }, says: /make its access "service"/ },
    { name: 'for people', change: { access: 'signed-in' }, says: /make its access "service"/ },
    { name: 'that accepts tokens too', change: { credentials: ['bearer'] }, says: /leave credentials out/ },
    { name: 'with csrf off', change: { csrf: 'off' }, says: /leave csrf out/ },
    { name: 'with a step-up', change: { stepUp: { acr: 'mfa' } }, says: /leave stepUp out/ },
    { name: 'with callers', change: { callers: ['shop'] }, says: /leave callers out/ },
    { name: 'with CORS', change: { cors: { origins: ['https://partner.example'] } }, says: /leave cors out/ },
    { name: 'that streams', change: { streaming: true }, says: /streaming has no effect/ },
    { name: 'with the profile', change: { profile: true }, says: /profile has no effect/ },
    { name: 'that is a zone', change: { zone: true }, says: /zone has no effect/ },
    { name: 'with a private cache', change: { cache: 'private' }, says: /leave cache out/ },
    { name: 'by GET', change: { methods: ['GET', 'POST'] }, says: /cannot serve GET/ },
    { name: 'with another bound of bodies', change: { limits: { bodyBytes: 5 } }, says: /webhook.bodyBytes/ },
    {
      name: 'with a limit per session',
      change: { limits: { requests: [{ per: 'session', max: 1, seconds: 1 }] } },
      says: /per "session"/,
    },
    { name: 'that passes Authorization on', change: { authorization: 'pass' }, says: /passes Authorization on/ },
    {
      name: 'that reads Authorization',
      change: { webhook: { secret: 'billing', hmac: { header: 'authorization' } } },
      says: /another meaning/,
    },
    {
      name: 'that reads cookies',
      change: { webhook: { secret: 'billing', hmac: { header: 'cookie' } } },
      says: /another meaning/,
    },
    {
      name: 'whose secret is weak',
      change: { webhook: { secret: 'weak', hmac: { header: 'x-signature' } } },
      says: /no secret "weak"/,
    },
  ])('cannot be built $name', ({ change, says }) => {
    expect(() => build(change)).toThrow(OptionsError);
    expect(() => build(change)).toThrow(says);
  });

  it('cannot be built without its secret, and no message holds a secret', () => {
    expect(() => build({}, [])).toThrow(/no secret "billing", with which route "hook" verifies/);
    expect(() =>
      build({ webhook: { secret: 'billing', hmac: { header: 'x-signature', timestamp: { member: 't' } } } }),
    ).toThrow();
    try {
      build({ webhook: { secret: 'billing' } }, []);
    } catch (error) {
      expect(String(error)).not.toContain(standardSecret);
    }
  });

  it.each([
    { name: 'the secret itself', webhook: { secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' } },
    { name: 'a time that is not signed', webhook: { secret: 'a', hmac: { header: 'x', timestamp: { member: 't' } } } },
    {
      name: 'a signed time that stands nowhere',
      webhook: { secret: 'a', hmac: { header: 'x', signed: '{timestamp}.{body}' } },
    },
    {
      name: 'a time without a mark behind it',
      webhook: { secret: 'a', hmac: { header: 'x', timestamp: { member: 't' }, signed: '{timestamp}{body}' } },
    },
    { name: 'no body in what is signed', webhook: { secret: 'a', hmac: { header: 'x', signed: 'v0' } } },
    { name: 'a tolerance of a day', webhook: { secret: 'a', toleranceSeconds: 86_400 } },
    { name: 'a tolerance without a time', webhook: { secret: 'a', toleranceSeconds: 60, hmac: { header: 'x' } } },
    { name: 'a memory beside a time', webhook: { secret: 'a', rememberSeconds: 600 } },
    { name: 'a body of a gigabyte', webhook: { secret: 'a', bodyBytes: 1_073_741_824 } },
    { name: 'an unknown member', webhook: { secret: 'a', algorithm: 'none' } },
  ])('does not parse with $name', ({ webhook }) => {
    const input = {
      name: 'hook',
      prefix: '/hook',
      upstream: 'http://127.0.0.1:9',
      audience: 'shop',
      access: 'service',
    };
    const { success, error } = routeSchema.safeParse({ ...input, webhook });
    expect(success).toBe(false);
    expect(error?.message).not.toContain('C2FVsBQIhrscChlQIMV');
  });
});
