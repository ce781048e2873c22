import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { SallyportError, type Principal } from '@sallyport/core';
import { createTestIssuer, createTestPrincipal } from '@sallyport/testing';
import { Controller, Get, Injectable, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { lastValueFrom, timeout } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Authenticated, OrgRoles, Public, Roles } from '../access/declare-access.ts';
import { CurrentPrincipal } from '../request-caller.ts';
import { CurrentOrg, type CurrentOrganization } from '../request-organization.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { SOCKET_ADAPTERS, type SocketAdapters } from '../websockets/socket-adapters.ts';
import { admitConnection } from './connection-admission.ts';

const issuer = createTestIssuer({ roles: { user: [], admin: [] } });
/** Counts what reached a handler: a refusal must never get that far. */
const handled: string[] = [];
beforeEach(() => {
  handled.length = 0;
});

@Controller('orders')
@Authenticated()
class OrdersController {
  @Get()
  list(): string {
    return 'orders';
  }

  @MessagePattern('order.read')
  read(@Payload() _payload: unknown): string {
    handled.push('order.read');
    return 'an order';
  }

  @MessagePattern('order.delete')
  @Roles('admin')
  remove(@Payload() _payload: unknown): string {
    handled.push('order.delete');
    return 'deleted';
  }

  @EventPattern('order.paid')
  @Roles('admin')
  paid(@Payload() _payload: unknown): void {
    handled.push('order.paid');
  }

  @MessagePattern('health')
  @Public('asked by the scheduler')
  health(@Payload() _payload: unknown): string {
    handled.push('health');
    return 'well';
  }
}

/** Who opens the next connections: a stand-in for an adapter that verifies before the upgrade. */
let opener: { readonly principal: Principal; refusal: SallyportError | undefined } | undefined;

@Injectable()
@WebSocketGateway({ path: '/socket' })
@Authenticated()
class OrderGateway implements OnGatewayConnection {
  handleConnection(client: WebSocket): void {
    const opened = opener;
    if (opened !== undefined) admitConnection(client, { principal: opened.principal, refusal: () => opened.refusal });
  }

  @SubscribeMessage('read')
  read(@CurrentPrincipal() principal: Principal): object {
    handled.push('read');
    return { event: 'read', data: principal.id };
  }

  @SubscribeMessage('bills')
  @OrgRoles('owner')
  bills(@CurrentOrg() { id }: CurrentOrganization): object {
    handled.push('bills');
    return { event: 'bills', data: id };
  }

  @SubscribeMessage('delete')
  @Roles('admin')
  remove(): object {
    handled.push('delete');
    return { event: 'deleted', data: true };
  }
}

const sallyport = () =>
  SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() });

describe.each([{ inherits: false }, { inherits: true }])(
  'a message handler of a hybrid application (inheritAppConfig: $inherits)',
  ({ inherits }) => {
    let app: INestApplication;
    let client: ClientProxy;
    beforeAll(async () => {
      const root = { module: class Root {}, imports: [sallyport()], controllers: [OrdersController] };
      app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), {
        logger: false,
        abortOnError: false,
      });
      const host = '127.0.0.1';
      const service = app.connectMicroservice<MicroserviceOptions>(
        { transport: Transport.TCP, options: { host, port: 0 } },
        { inheritAppConfig: inherits },
      );
      await app.startAllMicroservices();
      await app.listen(0, host);
      const { port } = service.unwrap<Server>().address() as AddressInfo;
      client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host, port } });
    });
    afterAll(async () => {
      await client.close();
      await app.close();
    });

    const send = (pattern: string, payload: unknown): Promise<unknown> =>
      lastValueFrom(client.send<unknown>(pattern, payload).pipe(timeout(800)));

    it.each(['order.read', 'order.delete'])('refuses %s, whatever the message says of itself', async (pattern) => {
      const authorization = `Bearer ${issuer.tokenFor('admin')}`;
      for (const payload of ['text', { authorization, headers: { authorization }, user: { roles: ['admin'] } }])
        await expect(send(pattern, payload)).rejects.toBeDefined();
      expect(handled).toEqual([]);
    });

    it('refuses an event', async () => {
      await lastValueFrom(client.emit('order.paid', {}), { defaultValue: undefined });
      expect(await send('health', {})).toBe('well');
      expect(handled).toEqual(['health']);
    });
  },
);

describe('a message handler of a WebSocket gateway', () => {
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    const root = { module: class Root {}, imports: [sallyport()], providers: [OrderGateway] };
    app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), {
      logger: false,
      abortOnError: false,
    });
    app.useWebSocketAdapter(new WsAdapter(app));
    // In the place of one of ours: who opens a connection, the test says itself.
    app.get<SocketAdapters>(SOCKET_ADAPTERS).add('stand-in');
    await app.listen(0, '127.0.0.1');
    url = `ws://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}/socket`;
  });
  afterAll(() => app.close());
  beforeEach(() => {
    opener = undefined;
  });

  async function connect(headers: Readonly<Record<string, string>> = {}): Promise<WebSocket> {
    const client = new WebSocket(url, { headers });
    await once(client, 'open');
    return client;
  }

  async function ask(
    client: WebSocket,
    event: string,
    data: unknown = {},
  ): Promise<{ readonly event: string; readonly data: unknown }> {
    client.send(JSON.stringify({ event, data }));
    const [answer] = (await once(client, 'message')) as [Buffer];
    return JSON.parse(answer.toString()) as { readonly event: string; readonly data: unknown };
  }

  it('refuses a connection that nothing verified, whatever it sends', async () => {
    const authorization = `Bearer ${issuer.tokenFor('admin')}`;
    const client = await connect({ authorization });
    expect((await ask(client, 'read', { authorization, handshake: { headers: { authorization } } })).event).toBe(
      'exception',
    );
    expect(handled).toEqual([]);
    client.terminate();
  });

  it('serves a role inside the organization of the connection, whatever organization the message names', async () => {
    const org = { org: 'acme', orgRoles: ['owner'] };
    opener = { principal: createTestPrincipal(org), refusal: undefined };
    const owner = await connect();
    expect(await ask(owner, 'bills', { org: 'globex' })).toEqual({ event: 'bills', data: 'acme' });
    owner.terminate();
    for (const refused of [{}, { roles: ['owner'] }, { ...org, orgRoles: ['member'] }, { orgRoles: ['owner'] }]) {
      opener = { principal: createTestPrincipal(refused), refusal: undefined };
      const client = await connect();
      expect((await ask(client, 'bills', org)).event).toBe('exception');
      client.terminate();
    }
    expect(handled).toEqual(['bills']);
  });

  it('serves the caller of the connection, and refuses what that one may not', async () => {
    opener = { principal: createTestPrincipal({ id: 'ada', roles: ['user'] }), refusal: undefined };
    const client = await connect();
    expect(await ask(client, 'read')).toEqual({ event: 'read', data: 'ada' });
    expect((await ask(client, 'delete')).event).toBe('exception');
    expect(handled).toEqual(['read']);
    client.terminate();
  });

  it('asks anew with each message whether the caller still holds', async () => {
    const opened = { principal: createTestPrincipal({ id: 'ada' }), refusal: undefined as SallyportError | undefined };
    opener = opened;
    const client = await connect();
    expect((await ask(client, 'read')).event).toBe('read');
    opened.refusal = new SallyportError('SP_TOKEN_EXPIRED');
    expect((await ask(client, 'read')).event).toBe('exception');
    expect(handled).toEqual(['read']);
    client.terminate();
  });
});
