import 'reflect-metadata';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Authenticated, callerOf, SallyportModule } from '@sallyport/nestjs';
import { SallyportIoAdapter, SallyportWsAdapter } from '@sallyport/nestjs/websockets';
import { startTestGateway, type TestGateway } from '@sallyport/server/test-support';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { findFreePorts } from '../../tools/launch/free-ports.ts';

const patience = { timeout: 10_000, interval: 10 };
const connected: string[] = [];

class LiveGateway {
  handleConnection(client: object): void {
    connected.push(nameOf(client));
  }

  me(client: object): object {
    return { event: 'me', data: nameOf(client) };
  }
}

function nameOf(client: object): string {
  const caller = callerOf(client);
  return caller.kind === 'anonymous' ? 'anonymous' : caller.roles.join(' ');
}

// By hand: the tests of the whole system are compiled without decorators.
const me = Object.getOwnPropertyDescriptor(LiveGateway.prototype, 'me') ?? {};
SubscribeMessage('me')(LiveGateway.prototype, 'me', me);
Authenticated()(LiveGateway.prototype, 'me', me);
ConnectedSocket()(LiveGateway.prototype, 'me', 0);

let gateway: TestGateway;
/** A session that lives as long as the tests. */
let lasting: string;
const services: INestApplication[] = [];
const closing: (() => void)[] = [];

beforeAll(async () => {
  const [wsPort = 0, ioPort = 0] = await findFreePorts(2);
  const route = (name: string, port: number) => ({
    name,
    prefix: `/api/${name}`,
    stripPrefix: true,
    upstream: `http://127.0.0.1:${port}`,
    audience: name,
    access: 'signed-in' as const,
  });
  gateway = await startTestGateway({ config: { routes: [route('chat', wsPort), route('board', ioPort)] } });
  const start = async (
    audience: string,
    port: number,
    place: object,
    adapterOf: (app: INestApplication) => SallyportWsAdapter | SallyportIoAdapter,
  ): Promise<void> => {
    // A class of its own, because its place is metadata of the class.
    class OwnGateway extends LiveGateway {}
    WebSocketGateway(place)(OwnGateway);
    const root = {
      module: class Root {},
      imports: [
        SallyportModule.forRoot({
          issuer: `${gateway.origin}/internal`,
          audience,
          keysUrl: `http://127.0.0.1:${gateway.gateway.internalPort}/internal/.well-known/jwks.json`,
          revocations: {},
          connections: { endedBy: 'gateway' },
        }),
      ],
      providers: [OwnGateway],
    };
    const app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
    app.useWebSocketAdapter(adapterOf(app));
    await app.listen(port, '127.0.0.1');
    services.push(app);
  };
  await start('chat', wsPort, { path: '/live' }, (app) => new SallyportWsAdapter(app));
  lasting = await signInAsVendor();
  await start('board', ioPort, {}, (app) => new SallyportIoAdapter(app));
});
afterAll(async () => {
  for (const service of services) await service.close();
  await gateway.close();
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  connected.length = 0;
});

/** A busy machine turns sign-ins away when too many wait for their turn to hash. */
async function signInAsVendor(): Promise<string> {
  for (let round = 0; round < 5; round += 1) {
    const cookie = await gateway.signIn('vendor').catch(() => undefined);
    if (cookie !== undefined) return cookie;
    await sleep(1000);
  }
  return gateway.signIn('vendor');
}

const signOut = async (cookie: string): Promise<number> =>
  (
    await fetch(`${gateway.origin}/auth/sign-out`, {
      method: 'POST',
      headers: { cookie, origin: gateway.origin, 'content-type': 'application/json' },
      body: '{}',
    })
  ).status;

describe('SallyportWsAdapter behind a gateway', () => {
  function connectAs(cookie?: string, origin = gateway.origin): WebSocket {
    const client = new WebSocket(`${gateway.origin.replace('http', 'ws')}/api/chat/live`, {
      headers: { origin, ...(cookie === undefined ? {} : { cookie }) },
    });
    client.on('error', () => {});
    closing.push(() => client.terminate());
    return client;
  }

  async function refused(client: WebSocket): Promise<number | undefined> {
    const [, response] = (await once(client, 'unexpected-response')) as [unknown, { readonly statusCode?: number }];
    return response.statusCode;
  }

  async function ask(client: WebSocket): Promise<unknown> {
    client.send('{"event":"me"}');
    const [data] = (await once(client, 'message')) as [Buffer];
    return JSON.parse(data.toString());
  }

  it('knows whose session opened a connection, from its first moment', async () => {
    const client = connectAs(lasting);
    await once(client, 'open');
    expect(await ask(client)).toEqual({ event: 'me', data: 'vendor' });
    expect(connected).toEqual(['vendor']);
  });

  it('sees no connection without a session, or from a page of another site', async () => {
    expect(await refused(connectAs())).toBe(401);
    expect(await refused(connectAs(lasting, 'https://evil.test'))).toBe(403);
    expect(connected).toEqual([]);
  });

  it('holds 50 connections of two sessions, and a sign-out ends those of one', async () => {
    const cookies = [await signInAsVendor(), lasting];
    const all = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const client = connectAs(cookies[index % 2]);
        await once(client, 'open');
        return client;
      }),
    );
    for (const client of all) expect(await ask(client)).toEqual({ event: 'me', data: 'vendor' });
    const [ending, staying] = [all.filter((_, index) => index % 2 === 0), all.filter((_, index) => index % 2 !== 0)];
    const ends = ending.map(async (client) => ((await once(client, 'close')) as [number])[0]);
    const begun = performance.now();
    expect(await signOut(cookies[0] ?? '')).toBe(204);
    expect(await Promise.all(ends)).toEqual(ending.map(() => 4401));
    // Generous: the machine is shared. The bound is 50 ms after the answer.
    expect(performance.now() - begun).toBeLessThan(2000);
    for (const client of staying) expect(await ask(client)).toEqual({ event: 'me', data: 'vendor' });
  });
});

describe('SallyportIoAdapter behind a gateway', () => {
  function connectAs(cookie: string | undefined, transport: 'polling' | 'websocket'): Socket {
    const client = io(gateway.origin, {
      path: '/api/board/socket.io',
      transports: [transport],
      forceNew: true,
      reconnection: false,
      extraHeaders: { origin: gateway.origin, ...(cookie === undefined ? {} : { cookie }) },
    });
    closing.push(() => client.close());
    return client;
  }

  const first = (client: Socket, event: string): Promise<unknown> =>
    new Promise((resolve) => {
      client.once(event, resolve);
    });

  it('serves a session by polling and by WebSocket until it is signed out', async () => {
    const cookie = await signInAsVendor();
    const clients = [connectAs(cookie, 'polling'), connectAs(cookie, 'websocket')];
    await Promise.all(clients.map((client) => first(client, 'connect')));
    for (const client of clients) {
      const answer = first(client, 'me');
      client.emit('me');
      expect(await answer).toBe('vendor');
    }
    const gone = clients.map((client) => first(client, 'disconnect'));
    expect(await signOut(cookie)).toBe(204);
    await Promise.all(gone);
    for (const transport of ['polling', 'websocket'] as const)
      await first(connectAs(cookie, transport), 'connect_error');
    expect(connected).toEqual(['vendor', 'vendor']);
  });

  it('refuses a connection without a session', async () => {
    await first(connectAs(undefined, 'websocket'), 'connect_error');
    await expect.poll(() => connected, patience).toEqual([]);
  });
});
