import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createTestIssuer } from '@sallyport/testing';
import { Body, Controller, HttpException, Inject, Post, Req, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { internalKeysPath, internalRoutesPath, SallyportError } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Public } from '../access/declare-access.ts';
import { requireSallyportOptions, type SallyportOptions } from '../sallyport-options.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { urlOf } from '../test-service.test-support.ts';
import { SallyportServices, type ServiceCallInit } from './sallyport-services.ts';

/* A gateway in the hands of the test; test/processes/service-to-service.test.ts has a real one. */

const issuer = createTestIssuer({ audience: 'orders' });

interface SeenRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let gateway: Server;
let origin: string;
let seen: SeenRequest[];
let answer: (response: ServerResponse) => void;
const apps: INestApplication[] = [];

interface AskedCall {
  readonly path: string;
  readonly init?: ServiceCallInit;
}

@Controller('orders')
class OrdersController {
  readonly #services: SallyportServices;

  constructor(@Inject(SallyportServices) services: SallyportServices) {
    this.#services = services;
  }

  @Post()
  @Public('a test')
  async call(@Req() request: object, @Body() { path, init }: AskedCall): Promise<object> {
    try {
      const response = await this.#services.call(path, request, init);
      return { status: response.status, body: await response.text() };
    } catch (error) {
      // An exception of Nest, which a filter of the application knows, and one of ours, which handlers compare.
      if (!(error instanceof HttpException)) return { thrown: String(error) };
      const thrown: object = error;
      return { thrown: thrown instanceof SallyportError ? thrown.code : String(error) };
    }
  }
}

beforeEach(async () => {
  seen = [];
  answer = (response) => void response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":7}');
  gateway = createServer((request, response) => {
    if (request.url === internalKeysPath) return void response.end(JSON.stringify(issuer.jwks()));
    // What a service asks once at its start.
    if (request.url?.startsWith(internalRoutesPath) === true) return void response.writeHead(404).end();
    const { method, url, headers } = request;
    void text(request).then((body) => {
      seen.push({ method, url, headers, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  gateway.closeAllConnections();
  gateway.close();
});

async function start(
  change: Partial<SallyportOptions> = {},
  adapter = new ExpressAdapter() as ExpressAdapter | FastifyAdapter,
) {
  const trust = change.keys === undefined ? { keysUrl: origin + internalKeysPath } : {};
  const options = { issuer: issuer.issuer, audience: 'orders', ...trust, ...change };
  const module = { module: class {}, imports: [SallyportModule.forRoot(options)], controllers: [OrdersController] };
  const app = await NestFactory.create(module, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  apps.push(app);
  return urlOf(app);
}

async function call(url: string, asked: AskedCall, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const response = await fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(asked),
  });
  return response.json();
}

const bearer = () => ({ authorization: `Bearer ${issuer.sign()}` });

describe('SallyportServices', () => {
  it.each([
    { name: 'Express', adapter: () => new ExpressAdapter() },
    { name: 'Fastify', adapter: () => new FastifyAdapter() },
  ])('calls for the user of a request, with the id and the trace of it ($name)', async ({ adapter }) => {
    const url = await start({}, adapter());
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { ...bearer(), 'x-request-id': 'req-1', traceparent, cookie: 'a=b' };
    const init = { method: 'POST', json: { total: 12 } };
    expect(await call(url, { path: '/api/invoices?draft=1', init }, headers)).toEqual({
      status: 201,
      body: '{"id":7}',
    });
    expect(seen).toMatchObject([{ method: 'POST', url: '/api/invoices?draft=1', body: '{"total":12}' }]);
    const { authorization, cookie, ...sent } = seen[0]?.headers ?? {};
    expect(sent).toMatchObject({ 'x-request-id': 'req-1', traceparent, 'content-type': 'application/json' });
    expect([authorization, cookie]).toEqual([headers.authorization, undefined]);
  });

  it('calls for an anonymous caller without a token', async () => {
    await call(await start(), { path: '/api/invoices' });
    expect(seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it('hands on every answer, and follows none', async () => {
    const url = await start();
    answer = (response) => void response.writeHead(403).end('SP_FORBIDDEN');
    expect(await call(url, { path: '/api/invoices' }, bearer())).toEqual({ status: 403, body: 'SP_FORBIDDEN' });
    answer = (response) => void response.writeHead(302, { location: '/elsewhere' }).end();
    expect(await call(url, { path: '/api/invoices' }, bearer())).toEqual({ thrown: 'SP_UPSTREAM_UNAVAILABLE' });
    expect(seen).toHaveLength(2);
  });

  it('tells a gateway that is away from one that is slow', async () => {
    const url = await start({ services: { url: 'http://127.0.0.1:9', timeoutMilliseconds: 1000 } });
    expect(await call(url, { path: '/api/invoices' })).toEqual({ thrown: 'SP_UPSTREAM_UNAVAILABLE' });
    answer = () => {};
    const slow = await start({ services: { url: origin, timeoutMilliseconds: 100 } });
    expect(await call(slow, { path: '/api/invoices' })).toEqual({ thrown: 'SP_UPSTREAM_TIMEOUT' });
  });

  it.each([
    'api/invoices',
    'https://evil.test/api',
    '//evil.test/api',
    '/api/../internal/keys',
    '/api/%2e%2e/internal',
    '/api\\..',
    '/api#x',
    '/api/ü',
    '/internal/provider-tokens/google',
  ])('refuses the path %s before anything is sent', async (path) => {
    expect(await call(await start(), { path }, bearer())).toMatchObject({
      thrown: expect.stringContaining('TypeError') as unknown,
    });
    expect(seen).toEqual([]);
  });

  it.each(['authorization', 'Cookie', 'x-request-id', 'host', 'X-Api-Key'])(
    'sets the header %s itself',
    async (name) => {
      const init = { headers: { [name]: 'x' } };
      expect(await call(await start(), { path: '/api', init })).toMatchObject({
        thrown: expect.stringContaining('TypeError') as unknown,
      });
      expect(seen).toEqual([]);
    },
  );

  it('says what is missing where nothing names the gateway', async () => {
    const url = await start({ keys: issuer.jwks() });
    expect(await call(url, { path: '/api' })).toMatchObject({
      thrown: expect.stringContaining('services.url') as unknown,
    });
  });
});

describe('the option services', () => {
  const options = { issuer: issuer.issuer, audience: 'orders', keysUrl: `https://gateway.test${internalKeysPath}` };

  it.each([
    { name: 'with a member that is no option', services: { uri: 'https://gateway.test' } },
    { name: 'in plain http away from loopback', services: { url: 'http://gateway.test' } },
    { name: 'that is no URL', services: { url: 'gateway' } },
    { name: 'with a time out of bounds', services: { timeoutMilliseconds: 1 } },
    { name: 'that is a text', services: 'https://gateway.test' },
  ])('is refused $name', ({ services }) => {
    expect(() => requireSallyportOptions({ ...options, services } as SallyportOptions)).toThrow('services');
  });
});
