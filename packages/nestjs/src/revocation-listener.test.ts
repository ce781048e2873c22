import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { silentLogger } from '@sallyport/core';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Authenticated, Public } from './access/declare-access.ts';
import { CurrentPrincipal } from './request-caller.ts';
import { SallyportModule } from './sallyport-module.ts';
import type { RevocationOptions } from './sallyport-options.ts';

const patience = { timeout: 15_000, interval: 20 };
const everything = Number.MAX_SAFE_INTEGER;
const issuer = createTestIssuer();

@Controller()
class MeController {
  @Get('me')
  @Authenticated()
  me(): string {
    return 'served';
  }

  @Get('open')
  @Public('for the test')
  open(@CurrentPrincipal() caller: { readonly kind: string }): string {
    return caller.kind;
  }
}

/** The stream of a gateway, in the hands of a test. */
let server: Server;
let requests: IncomingMessage[];
let stream: ServerResponse | undefined;
let answer: (response: ServerResponse) => void;
let url: string;
let keys: TestKeyEndpoint;
const apps: INestApplication[] = [];

beforeEach(async () => {
  requests = [];
  stream = undefined;
  answer = accept;
  server = createServer((request, response) => {
    requests.push(request);
    answer(response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // A server that listens on a port has an address of this shape.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/internal/revocations`;
  keys = await issuer.listen();
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await keys.close();
});

function accept(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  stream = response;
  say('covered', { since: new Date(0).toISOString() });
}

const say = (event: string, data: unknown, id?: string): void =>
  void stream?.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

const revoke = (kind: string, id: string, minGeneration = everything, eventId?: string): void =>
  say('revocation', { seq: 1, kind, id, minGeneration, at: new Date().toISOString() }, eventId);

async function start(revocations: RevocationOptions = {}): Promise<(token?: string, path?: string) => Promise<string>> {
  const access = { issuer: issuer.issuer, audience: issuer.audience, keysUrl: keys.url, logger: silentLogger };
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ ...access, revocations: { url, ...revocations } })],
    controllers: [MeController],
  };
  const app = await NestFactory.create(root, new ExpressAdapter(), { logger: false, abortOnError: false });
  apps.push(app);
  await app.listen(0, '127.0.0.1');
  // As above.
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return async (token = issuer.sign(), path = 'me') => {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, { headers: { authorization: `Bearer ${token}` } });
    const text = await response.text();
    return response.ok ? text : `${response.status} ${(JSON.parse(text) as { code: string }).code}`;
  };
}

async function heard(): Promise<void> {
  await expect.poll(() => stream !== undefined, patience).toBe(true);
}

describe('a service that subscribes', () => {
  it.each([
    { name: 'its session', kind: 'session', id: 'session-1' },
    { name: 'its user', kind: 'user', id: 'user-1' },
    { name: 'the policy', kind: 'policy', id: 'vendor' },
  ])('refuses a token that it has accepted when $name loses authority', async ({ kind, id }) => {
    const ask = await start();
    await heard();
    const token = issuer.sign();
    expect(await ask(token)).toBe('served');
    revoke(kind, id);
    await expect.poll(() => ask(token), patience).toBe('401 SP_UNAUTHENTICATED');
    // Also one that it sees for the first time.
    expect(await ask(issuer.sign({ jti: 'another' }))).toBe('401 SP_UNAUTHENTICATED');
    expect(await ask(token, 'open')).toBe('anonymous');
  });

  it('goes on accepting tokens of others, and those that were made since', async () => {
    const ask = await start();
    await heard();
    const token = issuer.sign();
    revoke('session', 'session-2');
    revoke('user', 'user-1', 2);
    await expect.poll(() => ask(token), patience).toBe('401 SP_UNAUTHENTICATED');
    expect(await ask(issuer.sign({ gen: { s: 1, u: 2, p: 1 } }))).toBe('served');
  });

  it('believes no token of a key that was withdrawn, although it is still published', async () => {
    const ask = await start();
    await heard();
    const token = issuer.sign();
    expect(await ask(token)).toBe('served');
    const [key] = issuer.jwks().keys;
    issuer.rotate();
    revoke('key', key?.kid ?? '');
    await expect.poll(() => ask(token), patience).toBe('401 SP_TOKEN_INVALID');
    await expect.poll(() => ask(issuer.sign()), patience).toBe('served');
  });

  it('connects again, says what it heard last, and takes what it missed', async () => {
    const ask = await start();
    await heard();
    revoke('session', 'session-2', everything, 'boot.7');
    const other = issuer.sign({ sid: 'session-2' });
    await expect.poll(() => ask(other), patience).toBe('401 SP_UNAUTHENTICATED');
    const token = issuer.sign();
    answer = (response) => {
      accept(response);
      revoke('session', 'session-1');
    };
    stream?.destroy();
    await expect.poll(() => ask(token), patience).toBe('401 SP_UNAUTHENTICATED');
    expect(requests[0]?.headers['last-event-id']).toBeUndefined();
    expect(requests.at(-1)?.headers['last-event-id']).toBe('boot.7');
  });

  it.each([
    { name: 'is away', answer: (response: ServerResponse) => void response.destroy() },
    { name: 'has no room', answer: (response: ServerResponse) => void response.writeHead(503).end() },
    { name: 'answers a page', answer: (response: ServerResponse) => void response.end('<!doctype html>') },
    {
      name: 'sends elsewhere',
      answer: (response: ServerResponse) => void response.writeHead(302, { location: '/x' }).end(),
    },
    {
      name: 'says what cannot be read',
      answer: (response: ServerResponse) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end('event: revocation\ndata: {\n\n');
      },
    },
    {
      name: 'says too much at once',
      answer: (response: ServerResponse) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`data: ${'x'.repeat(100_000)}`);
      },
    },
  ])('starts although the gateway $name, serves, and tries again', async ({ answer: broken }) => {
    answer = broken;
    const ask = await start();
    expect(await ask()).toBe('served');
    await expect.poll(() => requests.length, patience).toBeGreaterThan(1);
    answer = accept;
    await heard();
    revoke('session', 'session-1');
    await expect.poll(() => ask(), patience).toBe('401 SP_UNAUTHENTICATED');
  });

  it('accepts what it cannot know, or answers that it cannot find out, as it was told', async () => {
    answer = (response) => {
      accept(response);
      say('gap', {});
      say('covered', { since: new Date(Date.now() + 5000).toISOString() });
    };
    const [accepting, refusing] = [await start(), await start({ onGap: 'refuse' })];
    await expect.poll(() => refusing(), patience).toBe('503 SP_SERVICE_UNAVAILABLE');
    expect(await accepting()).toBe('served');
    // Made since: everything was heard that could be said of it.
    const later = issuer.sign({ iat: Math.floor(Date.now() / 1000) + 10 });
    expect(await refusing(later)).toBe('served');
  });

  it('leaves the gateway when it ends', async () => {
    await start();
    await heard();
    const closed = once(stream ?? server, 'close');
    await apps.pop()?.close();
    await closed;
    expect(requests).toHaveLength(1);
  });
});
