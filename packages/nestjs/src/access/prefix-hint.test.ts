import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { internalKeysPath, internalRoutesPath, type AudienceRoute, type LogFields } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, VersioningType, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SallyportOptions } from '../sallyport-options.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { Authenticated, Public } from './declare-access.ts';

/* A gateway in the hands of the test; the mount of a real one has its own test. */

const issuer = createTestIssuer({ audience: 'orders' });
const place = `${internalRoutesPath}/orders`;
let gateway: Server;
let origin: string;
let routes: readonly AudienceRoute[] | number;
let asked: string[];
let warnings: LogFields[];
let app: INestApplication | undefined;

@Controller('orders')
@Authenticated()
class OrdersController {
  @Get()
  list(): void {}

  @Get('health')
  @Public('probed inside the cluster')
  health(): void {}
}

beforeEach(async () => {
  [asked, warnings, routes] = [[], [], []];
  gateway = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url !== place || typeof routes === 'number')
      return void response.writeHead(typeof routes === 'number' ? routes : 404).end();
    response.end(JSON.stringify({ routes }));
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  gateway.closeAllConnections();
  gateway.close();
});

async function start(
  before: (app: INestApplication) => void = () => {},
  change: Partial<SallyportOptions> = {},
): Promise<void> {
  const logger = {
    info: () => {},
    warn: (_: string, fields: LogFields) => void warnings.push(fields),
    error: () => {},
  };
  const options = { issuer: issuer.issuer, audience: 'orders', keysUrl: origin + internalKeysPath, logger, ...change };
  const root = { module: class {}, imports: [SallyportModule.forRoot(options)], controllers: [OrdersController] };
  app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false, abortOnError: false });
  before(app);
  await app.init();
}

const untilAsked = (times = 1): Promise<void> =>
  vi.waitFor(() => expect(asked).toHaveLength(times), { timeout: 5000, interval: 10 });

it('a service warns at its start where the gateway forwards with a prefix that it does not set', async () => {
  routes = [{ prefix: '/api/orders', stripPrefix: false }];
  await start();
  await vi.waitFor(() => expect(warnings).toMatchObject([{ event: 'prefix-not-forwarded', paths: '/orders' }]));
  expect(asked).toEqual([place]);
});

it('a service warns where it sets a prefix that the gateway removes', async () => {
  routes = [{ prefix: '/api/orders', stripPrefix: true }];
  await start((created) => created.setGlobalPrefix('/api/'));
  await vi.waitFor(() => expect(warnings).toMatchObject([{ event: 'prefix-stripped' }]));
});

it('a service warns where no route leads to it', async () => {
  await start();
  await vi.waitFor(() => expect(warnings).toMatchObject([{ event: 'no-gateway-route' }]));
});

it('a version in the path counts', async () => {
  routes = [{ prefix: '/api/v2', stripPrefix: false }];
  await start((created) => {
    created.setGlobalPrefix('api');
    created.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' });
  });
  await untilAsked();
  await wait(50);
  expect(warnings).toEqual([]);
});

it.each([
  ['the prefixes agree', [{ prefix: '/orders', stripPrefix: false }]],
  ['the gateway does not tell', 404],
])('a service says nothing where %s', async (_, answer) => {
  routes = answer;
  await start();
  await untilAsked();
  await wait(50);
  expect(warnings).toEqual([]);
});

it('a gateway that is not ready is asked again', async () => {
  routes = 503;
  await start();
  await untilAsked();
  routes = [];
  await vi.waitFor(() => expect(warnings).toHaveLength(1), { timeout: 5000 });
});

it.each([
  ['has its keys at hand', { keys: issuer.jwks(), keysUrl: undefined }],
  [
    'is called past the gateway as well',
    { introspection: { url: 'http://127.0.0.1:9/oauth2/introspect', apiKey: `sp_key_${'A'.repeat(38)}` } },
  ],
])('a service that %s asks nothing', async (_, change) => {
  await start(undefined, change as unknown as Partial<SallyportOptions>);
  await wait(50);
  expect(asked).toEqual([]);
});
