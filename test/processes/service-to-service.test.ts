import 'reflect-metadata';
import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject, Module, Post, Req, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Payload, Transport, type ClientProxy } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  Authenticated,
  callerOf,
  CurrentPrincipal,
  Permissions,
  SallyportModule,
  SallyportServices,
  type Principal,
} from '@sallyport/nestjs';
import { MessageSealer, MessageTokenError, toNatsRecord } from '@sallyport/nestjs/microservices';
import { startTestGateway, type TestGateway } from '@sallyport/server/test-support';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { hasNats, startNats } from '../../tools/test-servers/nats.ts';
import type { RunningServer } from '../../tools/test-servers/test-server.ts';

/*
 * A user, the gateway, a service that the user asks, another one that it asks for them, and a consumer that it sends a
 * message to for them: all real, over a real broker.
 */

const subject = 'invoice.create';
const order = { total: 12 };

/** What a service is told of the user. */
const toldOf = ({ kind, id, roles, permissions, actor }: Principal): object => ({
  kind,
  id,
  roles,
  permissions,
  actor,
});

class OrdersController {
  readonly #services: SallyportServices;
  readonly #messages: MessageSealer;
  readonly #nats: ClientProxy;

  constructor(services: SallyportServices, messages: MessageSealer, nats: ClientProxy) {
    this.#services = services;
    this.#messages = messages;
    this.#nats = nats;
  }

  async call(request: object): Promise<object> {
    const answer = await this.#services.call('/invoices', request);
    return { status: answer.status, body: (await answer.json()) as unknown };
  }

  async send(request: object): Promise<object> {
    try {
      const sealed = await this.#messages.seal({ audience: 'billing', pattern: subject, data: order }, request);
      return await lastValueFrom(this.#nats.send<object>(subject, toNatsRecord(sealed, headers())));
    } catch (error) {
      if (error instanceof MessageTokenError) return { notSealed: error.kind };
      return { refused: error };
    }
  }
}

class InvoicesController {
  list(request: object): object {
    return toldOf(callerOf(request) as Principal);
  }
}

class BillingController {
  create(data: unknown, principal: Principal): object {
    return { data, ...toldOf(principal) };
  }
}

// By hand: the tests of the whole system are compiled without decorators.
function decorate(target: object, name: string, ...decorators: readonly MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name) ?? {};
  for (const decorator of decorators) decorator(target, name, descriptor);
}
decorate(OrdersController.prototype, 'call', Get('call'), Authenticated());
Req()(OrdersController.prototype, 'call', 0);
decorate(OrdersController.prototype, 'send', Post('send'), Authenticated());
Req()(OrdersController.prototype, 'send', 0);
decorate(InvoicesController.prototype, 'list', Get(), Permissions('product:read'));
Req()(InvoicesController.prototype, 'list', 0);
Controller('invoices')(InvoicesController);
decorate(BillingController.prototype, 'create', MessagePattern(subject), Permissions('product:create'));
Payload()(BillingController.prototype, 'create', 0);
CurrentPrincipal()(BillingController.prototype, 'create', 1);
Controller()(BillingController);

let gateway: TestGateway;
let nats: RunningServer;
let client: ClientProxy;
let wire: NatsConnection;
let cookies: { readonly user: string; readonly vendor: string };
const apps: INestApplication[] = [];
const seen: Msg[] = [];

/** A service that trusts the gateway. */
async function startService(audience: string, port: number, controller: Type): Promise<INestApplication> {
  const internal = `http://127.0.0.1:${gateway.gateway.internalPort}`;
  const trust = {
    issuer: `${gateway.origin}/internal`,
    audience,
    keysUrl: `${internal}/internal/.well-known/jwks.json`,
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  };
  class Root {}
  Module({ imports: [SallyportModule.forRoot(trust)], controllers: [controller] })(Root);
  const app = await NestFactory.create<INestApplication>(Root, new ExpressAdapter(), { logger: false });
  apps.push(app);
  await app.listen(port, '127.0.0.1');
  return app;
}

/** The same service under two names: one that others list as their caller, and one that they do not. */
function ordersAt(path: string): Type {
  class Orders extends OrdersController {
    constructor(services: SallyportServices, messages: MessageSealer) {
      super(services, messages, client);
    }
  }
  Inject(SallyportServices)(Orders, undefined, 0);
  Inject(MessageSealer)(Orders, undefined, 1);
  Controller(path)(Orders);
  return Orders;
}

describe.skipIf(!hasNats)('a service that works for the user who asked it', () => {
  beforeAll(async () => {
    const server = await startNats();
    if (server.kind === 'absent') throw new Error(server.reason);
    nats = server;
    wire = await connect({ servers: nats.url });
    wire.subscribe(subject, { callback: (_, message) => void seen.push(message) });
    client = ClientProxyFactory.create({ transport: Transport.NATS, options: { servers: [nats.url] } });
    const [orders = 0, gossip = 0, invoices = 0, billing = 0] = await findFreePorts(4);
    const route = (name: string, port: number) => ({
      name,
      prefix: `/${name}`,
      upstream: `http://127.0.0.1:${port}`,
      audience: name,
      access: 'signed-in' as const,
      permissions: ['product:*'],
    });
    gateway = await startTestGateway({
      config: {
        routes: [
          route('orders', orders),
          route('gossip', gossip),
          { ...route('invoices', invoices), callers: ['orders'], permissions: ['product:read'] },
        ],
        messages: { consumers: { billing: { callers: ['orders'], permissions: ['product:create'] } } },
      },
    });
    await startService('orders', orders, ordersAt('orders'));
    await startService('gossip', gossip, ordersAt('gossip'));
    await startService('invoices', invoices, InvoicesController);
    // Without the configuration of the application, as Nest has it unless it is told.
    const consumer = await startService('billing', billing, BillingController);
    consumer.connectMicroservice({ transport: Transport.NATS, options: { servers: [nats.url] } });
    await consumer.startAllMicroservices();
    cookies = { user: await gateway.signIn('user'), vendor: await gateway.signIn('vendor') };
  });
  afterAll(async () => {
    await client?.close();
    await wire?.close();
    for (const app of apps) await app.close();
    await gateway?.close();
    await nats?.stop();
  });

  const call = async (path: string, cookie: string): Promise<unknown> => (await gateway.get(path, { cookie })).json();
  const send = async (path: string, cookie: string): Promise<unknown> => {
    const answer = await fetch(gateway.origin + path, { method: 'POST', headers: { cookie, origin: gateway.origin } });
    return answer.json();
  };

  it('asks another one through the internal listener, which is told of both', async () => {
    expect(await call('/orders/call', cookies.vendor)).toMatchObject({
      status: 200,
      body: { kind: 'user', roles: ['vendor'], permissions: ['product:read'], actor: { id: 'orders' } },
    });
  });

  it('sends a message over NATS, whose consumer is told of both', async () => {
    expect(await send('/orders/send', cookies.vendor)).toMatchObject({
      data: order,
      kind: 'user',
      roles: ['vendor'],
      permissions: ['product:create'],
      actor: { id: 'orders' },
    });
    expect(seen.at(-1)?.headers?.get('authorization')).toMatch(/^Bearer /);
    expect(seen.at(-1)?.string()).not.toContain('Bearer');
  });

  it('is told by the consumer that the user may not', async () => {
    expect(await send('/orders/send', cookies.user)).toMatchObject({
      refused: { code: 'SP_FORBIDDEN', statusCode: 403 },
    });
  });

  it('reaches nothing that does not list it', async () => {
    expect(await call('/gossip/call', cookies.vendor)).toMatchObject({ status: 403, body: { code: 'SP_FORBIDDEN' } });
    expect(await send('/gossip/send', cookies.vendor)).toEqual({ notSealed: 'not-permitted' });
  });

  it('leaves nothing on the broker that opens anything', async () => {
    await send('/orders/send', cookies.vendor);
    const message = seen.at(-1);
    const authorization = message?.headers?.get('authorization') ?? '';
    const internal = `http://127.0.0.1:${gateway.gateway.internalPort}`;
    for (const address of [
      `${internal}/invoices`,
      `${internal}/internal/message-tokens`,
      `${gateway.origin}/orders/call`,
    ])
      expect((await fetch(address, { headers: { authorization }, redirect: 'manual' })).status).toBe(401);

    // The very message once more, and its token with another payload.
    const again = headers();
    again.set('Authorization', authorization);
    for (const data of [message?.data ?? '', JSON.stringify({ pattern: subject, data: { total: 1 }, id: '1' })]) {
      const answer = await wire.request(subject, data, { timeout: 5000, headers: again });
      expect(answer.json()).toMatchObject({ err: { code: 'SP_TOKEN_INVALID', statusCode: 401 } });
    }
  });
});
