import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Authenticated } from '../access/declare-access.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { createConnectionLimits } from './connection-limits.ts';
import { createMessageRate } from './message-rate.ts';
import { SallyportIoAdapter } from './sallyport-io-adapter.ts';
import { SallyportWsAdapter } from './sallyport-ws-adapter.ts';
import { defineGateways, reached, startSocketService } from './socket-service.test-support.ts';

const gateways = defineGateways((name) => ({ path: `/${name}` }));
const principal = { id: 'ada', kind: 'user' } as never; // Nothing else of it is read.

describe('the start is refused', () => {
  it.each([
    { name: 'without an adapter', useAdapter: () => {} },
    {
      name: 'with an adapter that verifies nothing',
      useAdapter: (app: INestApplication) => void app.useWebSocketAdapter(new WsAdapter(app)),
    },
  ])('$name, and the message says which one to set', async ({ useAdapter }) => {
    const starting = startSocketService(gateways, useAdapter);
    await expect(starting).rejects.toThrow(/LiveGateway \(WebSocket\)\n {2}- AdminGateway \(WebSocket\)\n(?!.*OpenG)/s);
    await expect(startSocketService(gateways, useAdapter)).rejects.toThrow('new SallyportWsAdapter(app)');
  });

  it('while a handler declares no access', async () => {
    @WebSocketGateway({ path: '/chat' })
    class ChatGateway {
      @SubscribeMessage('say')
      say(): void {}

      @SubscribeMessage('hear')
      @Authenticated()
      hear(): void {}
    }
    const starting = startSocketService([ChatGateway], (app) => app.useWebSocketAdapter(new SallyportWsAdapter(app)));
    await expect(starting).rejects.toThrow(/ChatGateway\.say \(WebSocket\)/);
  });

  it.each([
    { name: 'an option that is none', options: { maxConnection: 1 }, says: 'maxConnection is not an option' },
    { name: 'a bound of nothing', options: { maxConnections: 0 }, says: 'maxConnections must be a whole number' },
    { name: 'a bound that is a text', options: { maxMessageBytes: '1mb' }, says: 'maxMessageBytes must be' },
    { name: 'an origin with a path', options: { origins: ['https://a.test/x'] }, says: 'origins must be a list' },
  ])('with $name', async ({ options, says }) => {
    const starting = startSocketService(gateways, (app) =>
      app.useWebSocketAdapter(new SallyportWsAdapter(app, options as object)),
    );
    await expect(starting).rejects.toThrow(says);
  });
});

it.each([
  { name: 'SallyportWsAdapter', make: (app: INestApplication) => new SallyportWsAdapter(app), path: '/live' },
  {
    name: 'SallyportIoAdapter',
    make: (app: INestApplication) => new SallyportIoAdapter(app),
    path: '/socket.io/?EIO=4&transport=websocket',
  },
])('$name answers a handshake with 503 while the keys cannot be fetched', async ({ make, path }) => {
  const [LiveGateway] = defineGateways(() => (path === '/live' ? { path } : {}));
  const service = await startSocketService(LiveGateway === undefined ? [] : [LiveGateway], (app) =>
    app.useWebSocketAdapter(make(app)),
  );
  service.keys.behave('down');
  const client = new WebSocket(`ws://127.0.0.1:${service.port}${path}`, {
    headers: { authorization: `Bearer ${service.issuer.tokenFor('vendor')}` },
  });
  client.on('error', () => {});
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage];
  expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1']);
  expect(reached.connected).toEqual([]);
  response.destroy();
  await service.close();
});

it.each([
  { name: 'SallyportWsAdapter', make: (app: INestApplication) => new SallyportWsAdapter(app), path: '/live' },
  {
    name: 'SallyportIoAdapter',
    make: (app: INestApplication) => new SallyportIoAdapter(app),
    path: '/socket.io/?EIO=4&transport=websocket',
  },
])('$name serves connections on Fastify, and ends them with the application', async ({ make, path }) => {
  const [LiveGateway] = defineGateways(() => (path === '/live' ? { path } : {}));
  const service = await startSocketService(
    LiveGateway === undefined ? [] : [LiveGateway],
    (app) => app.useWebSocketAdapter(make(app)),
    { httpAdapter: new FastifyAdapter() },
  );
  const url = `ws://127.0.0.1:${service.port}${path}`;
  const refused = new WebSocket(url);
  refused.on('error', () => {});
  const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
  expect(response.statusCode).toBe(401);
  response.destroy();
  const client = new WebSocket(url, { headers: { authorization: `Bearer ${service.issuer.tokenFor('vendor')}` } });
  await once(client, 'open');
  const closed = once(client, 'close');
  await service.close();
  await closed;
});

it('a gateway of ws on a port of its own verifies its connections, and speaks nothing else there', async () => {
  const probe = createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  // A server that listens on a port has an address of this shape.
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  @WebSocketGateway(port)
  class OwnPortGateway {
    @SubscribeMessage('hear')
    @Authenticated()
    hear(): object {
      return { event: 'heard' };
    }
  }
  const service = await startSocketService([OwnPortGateway], (app) =>
    app.useWebSocketAdapter(new SallyportWsAdapter(app)),
  );
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(426);
  const refused = new WebSocket(`ws://127.0.0.1:${port}/any`);
  refused.on('error', () => {});
  const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
  expect(response.statusCode).toBe(401);
  response.destroy();
  const token = service.issuer.tokenFor('vendor');
  const client = new WebSocket(`ws://127.0.0.1:${port}/any`, { headers: { authorization: `Bearer ${token}` } });
  await once(client, 'open');
  client.send('{"event":"hear"}');
  const [data] = (await once(client, 'message')) as [Buffer];
  expect(data.toString()).toBe('{"event":"heard"}');
  await service.close();
});

it('an application context without a server is built with gateways and no adapter', async () => {
  const issuer = createTestIssuer();
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() })],
    providers: [...gateways],
  };
  const context = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  await context.close();
});

describe('the limits of connections', () => {
  it('count each caller, all strangers together, and all connections', () => {
    const limits = createConnectionLimits({
      maxConnections: 3,
      maxConnectionsPerCaller: 2,
      maxAnonymousConnections: 1,
    });
    const first = limits.take(principal);
    limits.take(principal);
    expect(() => limits.take(principal)).toThrow('SP_TOO_MANY_STREAMS');
    limits.take({ kind: 'anonymous' });
    expect(() => limits.take({ kind: 'anonymous' })).toThrow('SP_SERVICE_UNAVAILABLE');
    first();
    first();
    expect(() => limits.take({ kind: 'anonymous' })).toThrow('SP_TOO_MANY_STREAMS');
    limits.take(principal);
    expect(() => limits.take(principal)).toThrow('SP_SERVICE_UNAVAILABLE');
  });
});

describe('the rate of messages', () => {
  it('lets twice as many through at once after a pause, and then so many in a second', () => {
    let now = 0;
    const isWithin = createMessageRate(10, () => now);
    const count = (): number => Array.from({ length: 100 }, isWithin).filter(Boolean).length;
    expect(count()).toBe(20);
    now += 500;
    expect(count()).toBe(5);
    now += 60_000;
    expect(count()).toBe(20);
  });
});
