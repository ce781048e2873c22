import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  type RedisContext,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Principal } from '@sallyport/core';
import { lastValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Authenticated, Permissions, Public } from '../access/declare-access.ts';
import { callerOf, CurrentPrincipal } from '../request-caller.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { urlOf } from '../test-service.test-support.ts';
import { createReadableLogger, issuer, madeSecondsAgo, seal, type SealChange } from './message-service.test-support.ts';
import { testRedisUrl } from './test-redis.test-support.ts';

/* Over a real Redis: its transport has no headers, so that a message carries its token in an envelope. */

const handled: { readonly what: string; readonly data: unknown; readonly subject: string | undefined }[] = [];
const { lines, logger } = createReadableLogger();

/** Servers of Redis that other tests use as well: each run has channels of its own. */
const channel = (name: string): string => `${run}.${name}`;
const run = `messages-${process.pid}-${Date.now()}`;

function note(what: string, data: unknown, principal?: Principal): object {
  handled.push({ what, data, subject: principal?.id });
  return { what, data, subject: principal?.id, actor: principal?.actor?.id };
}

@Controller()
@Permissions('invoice:create')
class InvoicesController {
  @MessagePattern(channel('invoice.create'))
  create(@Payload() data: unknown, @CurrentPrincipal() principal: Principal, @Ctx() context: RedisContext): object {
    if (callerOf(context) !== principal) throw new Error('two principals');
    return note('create', data, principal);
  }

  @EventPattern<string>(channel('invoice.paid'))
  paid(@Payload() data: unknown, @CurrentPrincipal() principal: Principal): void {
    note('paid', data, principal);
  }

  @EventPattern<string>(channel('invoice.paid'))
  @Authenticated()
  alsoPaid(@Payload() data: unknown): void {
    note('also paid', data);
  }
}

@Controller()
class OpenController {
  @MessagePattern(channel('health'))
  @Public('the load balancer asks')
  health(@Payload() data: unknown, @CurrentPrincipal() caller: { kind: string }): object {
    return { data, caller: caller.kind };
  }

  @Get('http')
  @Public('it is an HTTP application as well')
  http(): string {
    return 'http';
  }
}

const apps: INestApplication[] = [];
const clients: ClientProxy[] = [];

async function start(options: { readonly inheritAppConfig?: boolean; readonly maxWaitSeconds?: number } = {}) {
  const { maxWaitSeconds, inheritAppConfig } = options;
  @Module({
    imports: [
      SallyportModule.forRoot({
        issuer: issuer.issuer,
        audience: 'billing',
        keys: issuer.jwks(),
        logger,
        ...(maxWaitSeconds === undefined ? {} : { messages: { maxWaitSeconds } }),
      }),
    ],
    controllers: [InvoicesController, OpenController],
  })
  class Root {}
  const app = await NestFactory.create<INestApplication>(Root, new ExpressAdapter(), { logger: false });
  apps.push(app);
  app.connectMicroservice(
    { transport: Transport.REDIS, options: connection() },
    ...(inheritAppConfig === undefined ? [] : [{ inheritAppConfig }]),
  );
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return app;
}

function connection() {
  const { hostname: host, port } = new URL(testRedisUrl);
  return { host, port: Number(port) };
}

let client: ClientProxy;
beforeAll(async () => {
  if (testRedisUrl === '') return;
  client = ClientProxyFactory.create({ transport: Transport.REDIS, options: connection() });
  clients.push(client);
  await client.connect();
});
afterAll(async () => {
  for (const one of clients) await one.close();
});
beforeEach(() => {
  handled.length = 0;
  lines.length = 0;
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const send = (data: unknown, pattern = 'invoice.create'): Promise<unknown> =>
  lastValueFrom(client.send<unknown>(channel(pattern), data as object));

const sealed = (data: unknown, change: SealChange = {}) =>
  seal(data, { ...change, pattern: channel(change.pattern ?? 'invoice.create') });

const bill = { total: 12 };

describe.skipIf(testRedisUrl === '').each([
  { name: 'that inherits the configuration of its application', inheritAppConfig: true },
  { name: 'without the configuration of its application', inheritAppConfig: false },
])('a hybrid application $name', ({ inheritAppConfig }) => {
  beforeEach(() => start({ inheritAppConfig }));

  it('hands a handler the payload and the user of a sealed message', async () => {
    expect(await send(sealed(bill))).toEqual({ what: 'create', data: bill, subject: 'clerk-1', actor: 'orders' });
  });

  it.each([
    { name: 'carries no token', message: bill, code: 'SP_UNAUTHENTICATED', status: 401 },
    {
      name: 'carries no token in its envelope',
      message: { $sallyport: '', message: bill },
      code: 'SP_TOKEN_INVALID',
      status: 401,
    },
    {
      name: 'carries a token that is made up',
      message: { $sallyport: 'a.b.c', message: bill },
      code: 'SP_TOKEN_INVALID',
      status: 401,
    },
    {
      name: 'carries the token of another message',
      message: sealed(bill, { of: { total: 13 } }),
      code: 'SP_TOKEN_INVALID',
      status: 401,
    },
    {
      name: 'was sealed for another pattern',
      message: sealed(bill, { pattern: 'invoice.read' }),
      code: 'SP_TOKEN_INVALID',
      status: 401,
    },
    {
      name: 'was sealed for another service',
      message: sealed(bill, { claims: { aud: 'mails' } }),
      code: 'SP_TOKEN_INVALID',
      status: 401,
    },
    {
      name: 'carries the token of a request',
      message: sealed(bill, { typ: 'at+jwt' }),
      code: 'SP_TOKEN_INVALID',
      status: 401,
    },
    {
      name: 'carries a token for every payload',
      message: sealed(bill, { claims: { msg: { to: channel('invoice.create') } } }),
      code: 'SP_TOKEN_INVALID',
      status: 401,
    },
    {
      name: 'waited until its token expired',
      message: sealed(bill, { claims: madeSecondsAgo(70) }),
      code: 'SP_TOKEN_EXPIRED',
      status: 401,
    },
    { name: 'is of a user who may not', message: sealed(bill, { role: 'reader' }), code: 'SP_FORBIDDEN', status: 403 },
  ])('answers its sender when a message $name', async ({ message, code, status }) => {
    await expect(send(message)).rejects.toMatchObject({ status: 'error', code, statusCode: status });
    expect(handled).toEqual([]);
    expect(lines).toMatchObject([{ event: 'request-refused', code, status, reason: expect.any(String) as unknown }]);
  });

  it('says in its log what was needed, what was held, and who sent', async () => {
    await send(sealed(bill, { role: 'reader' })).catch(() => undefined);
    expect(lines).toMatchObject([
      { subject: 'reader-1', actor: 'orders', requiredPermissions: 'invoice:create', heldPermissions: 'invoice:read' },
    ]);
  });

  it('takes a message once', async () => {
    const message = sealed(bill);
    await send(message);
    await expect(send(message)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
    expect(lines).toMatchObject([{ reason: 'message-replayed' }]);
    expect(handled).toHaveLength(1);
  });

  it('gives an event to each handler of it, and a denied one to none', async () => {
    client.emit(channel('invoice.paid'), sealed(bill, { pattern: 'invoice.paid', role: 'reader' }));
    client.emit(channel('invoice.paid'), sealed(bill, { pattern: 'invoice.paid' }));
    await vi.waitFor(() => expect(handled).toHaveLength(2));
    expect(handled).toMatchObject([
      { what: 'paid', data: bill, subject: 'clerk-1' },
      { what: 'also paid', data: bill },
    ]);
    expect(lines.map(({ subject }) => subject)).toContain('reader-1');
  });

  it('takes messages of strangers where a handler is public, and opens envelopes there', async () => {
    expect(await send(bill, 'health')).toEqual({ data: bill, caller: 'anonymous' });
    expect(await send(sealed(bill, { pattern: 'health' }), 'health')).toEqual({ data: bill, caller: 'user' });
    expect(await send({ $sallyport: 'x', message: bill }, 'health')).toEqual({ data: bill, caller: 'anonymous' });
  });

  it('opens no envelope inside of another', async () => {
    const inner = sealed(bill);
    expect(await send(sealed(inner))).toMatchObject({ data: inner });
  });

  it('serves HTTP as before', async () => {
    const [app] = apps;
    if (app === undefined) throw new Error('no application');
    expect(await (await fetch(`${urlOf(app)}/http`)).text()).toBe('http');
  });
});

describe.skipIf(testRedisUrl === '')('a message that waited', () => {
  it('is taken within the wait that the service allows, and not beyond it', async () => {
    await start({ maxWaitSeconds: 600 });
    expect(await send(sealed(bill, { claims: madeSecondsAgo(500) }))).toMatchObject({ subject: 'clerk-1' });
    await expect(send(sealed(bill, { claims: madeSecondsAgo(601) }))).rejects.toMatchObject({
      code: 'SP_TOKEN_EXPIRED',
    });
  });
});

describe.skipIf(testRedisUrl === '')('keys that cannot be fetched', () => {
  it('are 503 to the sender, and never 401', async () => {
    @Module({
      imports: [
        SallyportModule.forRoot({
          issuer: issuer.issuer,
          audience: 'billing',
          keysUrl: 'http://127.0.0.1:9/internal/.well-known/jwks.json',
          logger,
        }),
      ],
      controllers: [InvoicesController],
    })
    class Root {}
    const app = await NestFactory.create<INestApplication>(Root, new ExpressAdapter(), { logger: false });
    apps.push(app);
    app.connectMicroservice({ transport: Transport.REDIS, options: connection() });
    await app.startAllMicroservices();
    await expect(send(sealed(bill))).rejects.toMatchObject({ code: 'SP_KEYS_UNAVAILABLE', statusCode: 503 });
    expect(lines).toMatchObject([{ event: 'request-failed' }]);
  });
});

describe('a handler of messages without access', () => {
  @Controller()
  class ForgottenController {
    @EventPattern<string>('forgotten')
    forgotten(): void {}
  }

  it('stops the start, in a process of its own as well', async () => {
    const root = {
      module: class Root {},
      imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: 'billing', keys: issuer.jwks() })],
      controllers: [ForgottenController],
    };
    const options = { logger: false, abortOnError: false } as const;
    await expect(NestFactory.create(root, new ExpressAdapter(), options)).rejects.toThrow(
      'ForgottenController.forgotten',
    );
    await expect(
      NestFactory.createMicroservice(root, { ...options, transport: Transport.TCP, options: { port: 0 } }),
    ).rejects.toThrow('ForgottenController.forgotten');
  });
});
