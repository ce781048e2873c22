import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, Payload, RpcException } from '@nestjs/microservices';
import type { Principal } from '@sallyport/core';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Authenticated, Permissions } from '../access/declare-access.ts';
import type { MessageOptions } from '../messages/message-options.ts';
import {
  createReadableLogger,
  issuer,
  madeSecondsAgo,
  seal,
  type SealChange,
} from '../messages/message-service.test-support.ts';
import { testRedisUrl } from '../messages/test-redis.test-support.ts';
import { CurrentPrincipal } from '../request-caller.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { createRedisReplays } from './redis-replays.ts';
import type { RedisStreamsContext } from './redis-streams-context.ts';
import type { RedisStreamsOptions } from './redis-streams-options.ts';
import { RedisStreamsServer } from './redis-streams-server.ts';
import { toStreamFields } from './stream-entry.ts';

const { lines, logger } = createReadableLogger();
const handled: { readonly subject: string; readonly data: unknown; readonly entry: string }[] = [];
let failures = 0;

@Controller()
class InvoicesController {
  @EventPattern<string>('invoice.create')
  @Permissions('invoice:create')
  create(
    @Payload() data: unknown,
    @CurrentPrincipal() principal: Principal,
    @Ctx() context: RedisStreamsContext,
  ): void {
    handled.push({ subject: principal.id, data, entry: context.getEntryId() });
  }

  @EventPattern<string>('invoice.fail')
  @Authenticated()
  fail(@Payload() data: unknown, @CurrentPrincipal() principal: Principal, @Ctx() context: RedisStreamsContext): void {
    failures -= 1;
    if (failures >= 0) throw new RpcException('the printer is out of paper');
    handled.push({ subject: principal.id, data, entry: context.getEntryId() });
  }
}

const services: INestMicroservice[] = [];
let redis: Redis;
let stream = '';
let streams = 0;

beforeAll(() => {
  if (testRedisUrl !== '') redis = new Redis(testRedisUrl);
});
afterAll(() => redis?.disconnect());
beforeEach(() => {
  handled.length = 0;
  lines.length = 0;
  failures = 0;
  stream = `test-stream-${process.pid}-${Date.now()}-${(streams += 1)}`;
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
  if (testRedisUrl !== '') await redis.del(stream, `${stream}:refused`);
});

async function start(messages: MessageOptions = {}, change: Partial<RedisStreamsOptions> = {}, keysUrl?: string) {
  const keys = keysUrl === undefined ? { keys: issuer.jwks() } : { keysUrl };
  @Module({
    imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: 'billing', ...keys, logger, messages })],
    controllers: [InvoicesController],
  })
  class Root {}
  const service = await NestFactory.createMicroservice(Root, {
    logger: false,
    strategy: new RedisStreamsServer({
      redis,
      streams: [stream],
      group: 'billing',
      consumer: `consumer-${services.length}`,
      retryMilliseconds: 150,
      ...change,
    }),
  });
  services.push(service);
  await service.listen();
}

const bill = { total: 12 };
const add = (data: unknown, change: SealChange = {}): Promise<string | null> =>
  redis.xadd(stream, '*', ...toStreamFields(change.pattern ?? 'invoice.create', { envelope: seal(data, change) }));
const pending = async (): Promise<unknown> => ((await redis.xpending(stream, 'billing')) as readonly unknown[])[0];
const refused = async (): Promise<readonly string[]> =>
  (await redis.xrange(`${stream}:refused`, '-', '+')).map(([, fields]) => fields[3] ?? '');

describe.skipIf(testRedisUrl === '')('a Redis stream', () => {
  it('hands entries to the handlers of their pattern, those from before the start too, and acknowledges them', async () => {
    const first = await add(bill);
    await start();
    const second = await add({ total: 13 });
    await vi.waitFor(() => expect(handled).toHaveLength(2));
    expect(handled).toEqual([
      { subject: 'clerk-1', data: bill, entry: first },
      { subject: 'clerk-1', data: { total: 13 }, entry: second },
    ]);
    await vi.waitFor(async () => expect(await pending()).toBe(0));
    expect(await refused()).toEqual([]);
  });

  it.each([
    { name: 'of a user who may not', change: { role: 'reader' }, code: 'SP_FORBIDDEN' },
    { name: 'with the token of another message', change: { of: 'another' }, code: 'SP_TOKEN_INVALID' },
    { name: 'sealed for another pattern', change: { claims: { msg: { to: 'x' } } }, code: 'SP_TOKEN_INVALID' },
    { name: 'that waited too long', change: { claims: madeSecondsAgo(70) }, code: 'SP_TOKEN_EXPIRED' },
    { name: 'that has no handler', change: { pattern: 'invoice.delete' }, code: 'no-handler' },
  ])('refuses an entry $name for good, and keeps it with the reason', async ({ change, code }) => {
    await start();
    await add(bill, change);
    await vi.waitFor(async () => expect(await refused()).toEqual([code]));
    await vi.waitFor(async () => expect(await pending()).toBe(0));
    expect(handled).toEqual([]);
  });

  it.each([
    { fields: ['data', '{}'], code: 'fields-missing' },
    { fields: ['pattern', 'invoice.create', 'data', '{'], code: 'data-not-json' },
    { fields: ['pattern', 'invoice.create', 'data', '{"total":12}'], code: 'SP_UNAUTHENTICATED' },
  ])('refuses what is no sealed message: $code', async ({ fields, code }) => {
    await start();
    await redis.xadd(stream, '*', ...fields);
    await vi.waitFor(async () => expect(await refused()).toEqual([code]));
  });

  it('delivers what failed again, which is no replay', async () => {
    failures = 2;
    await start();
    await add(bill, { pattern: 'invoice.fail' });
    await vi.waitFor(() => expect(handled).toHaveLength(1), 8000);
    await vi.waitFor(async () => expect(await pending()).toBe(0));
    expect(await refused()).toEqual([]);
  });

  it('gives up what fails too often', async () => {
    failures = 100;
    await start({}, { maxDeliveries: 2 });
    await add(bill, { pattern: 'invoice.fail' });
    await vi.waitFor(async () => expect(await refused()).toEqual(['delivered-too-often']), 8000);
    expect(handled).toEqual([]);
  });

  it('keeps what cannot be verified now: keys that are away are no refusal', async () => {
    await start({}, {}, 'http://127.0.0.1:9/internal/.well-known/jwks.json');
    await add(bill);
    await vi.waitFor(() => expect(lines).toMatchObject([{ code: 'SP_KEYS_UNAVAILABLE' }]), 8000);
    expect([await pending(), await refused()]).toEqual([1, []]);
  });

  it('refuses the copy of an entry, whichever process gets it', async () => {
    const messages = { replays: createRedisReplays({ redis, name: stream }) };
    await start(messages);
    await start(messages);
    const envelope = seal(bill);
    for (let copy = 0; copy < 20; copy += 1)
      await redis.xadd(stream, '*', ...toStreamFields('invoice.create', { envelope }));
    await vi.waitFor(async () => expect(await refused()).toHaveLength(19), 8000);
    expect(handled).toHaveLength(1);
    expect(lines).toHaveLength(19);
    expect(lines[0]).toMatchObject({ reason: 'message-replayed' });
  });
});

describe.skipIf(testRedisUrl === '')('replays that processes share', () => {
  it('let one of many deliveries at once have a message', async () => {
    const one = createRedisReplays({ redis, name: stream });
    const other = createRedisReplays({ redis, name: stream });
    const until = new Date(Date.now() + 60_000);
    const claims = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? one : other).claim('m-1', `delivery-${index}`, until),
    );
    const winners = (await Promise.all(claims)).flatMap((won, index) => (won === true ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(await one.claim('m-1', `delivery-${winners[0]}`, until)).toBe(true);
    expect(await other.claim('m-1', 'delivery-x', until)).toBe(false);
  });

  it('are forgotten by Redis when the message is too old for everyone', async () => {
    const replays = createRedisReplays({ redis, name: stream });
    await replays.claim('m-2', 'a', new Date(Date.now() + 30_000));
    const left = await redis.pttl(`sallyport:messages:${stream}:m-2`);
    expect(left).toBeGreaterThan(60_000);
    expect(left).toBeLessThanOrEqual(90_000);
  });

  it('cannot be read while Redis is away, which is 503', async () => {
    const away = { call: () => Promise.reject(new Error('Connection is closed')) };
    await start({ replays: createRedisReplays({ redis: away, name: 'billing' }) });
    await add(bill);
    await vi.waitFor(() => expect(lines).toMatchObject([{ code: 'SP_STORE_UNAVAILABLE', status: 503 }]), 8000);
    expect(await refused()).toEqual([]);
  });
});

describe('the options of a Redis stream', () => {
  const call = () => Promise.resolve(null);
  const connection = { call, duplicate: () => connection, disconnect: () => {} };
  const options = { redis: connection, streams: ['invoices'], group: 'billing', consumer: 'one' };

  it.each([
    { name: 'an option that there is not', change: { block: 5 }, says: 'block is not an option' },
    { name: 'no stream', change: { streams: [] }, says: 'streams must name a stream' },
    { name: 'no group', change: { group: '' }, says: 'group is missing' },
    { name: 'no consumer', change: { consumer: undefined }, says: 'consumer is missing' },
    { name: 'no connection', change: { redis: {} }, says: 'redis must be a connection of ioredis' },
    { name: 'no delivery', change: { maxDeliveries: 0 }, says: 'maxDeliveries must be a whole number' },
  ])('are refused with $name', ({ change, says }) => {
    expect(() => new RedisStreamsServer({ ...options, ...change } as RedisStreamsOptions)).toThrow(says);
  });

  it.each(['', 'with blank', 'a:b'])('are refused for shared replays named "%s"', (name) => {
    expect(() => createRedisReplays({ redis: connection, name })).toThrow('the name of shared replays');
  });
});
