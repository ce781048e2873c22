import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { internalKeysPath, internalRoutesPath, ProviderTokenError } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, Inject, Req, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Authenticated, Public } from '../access/declare-access.ts';
import { requireSallyportOptions, type SallyportOptions } from '../sallyport-options.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { urlOf } from '../test-service.test-support.ts';
import { ProviderTokens } from './provider-tokens.ts';

/* A gateway in the hands of the test; the tests of packages/server have a real one. */

const issuer = createTestIssuer({ audience: 'files' });

let gateway: Server;
let origin: string;
let seen: { readonly url: string | undefined; readonly headers: IncomingHttpHeaders }[];
let answer: (response: ServerResponse) => void;
const apps: INestApplication[] = [];

@Controller('files')
class FilesController {
  readonly #tokens: ProviderTokens;

  constructor(@Inject(ProviderTokens) tokens: ProviderTokens) {
    this.#tokens = tokens;
  }

  @Get('list')
  @Authenticated()
  async list(@Req() request: object): Promise<object> {
    const { accessToken, scopes } = await this.#tokens.get('google', request);
    return { accessToken, scopes };
  }

  @Get('handled')
  @Public('a test')
  async handled(@Req() request: object): Promise<object> {
    try {
      return await this.#tokens.get('google', request);
    } catch (error) {
      return { kind: error instanceof ProviderTokenError ? error.kind : String(error) };
    }
  }
}

beforeEach(async () => {
  seen = [];
  answer = say(200, { provider: 'google', access_token: 'ya29', token_type: 'Bearer', scope: 'drive' });
  gateway = createServer((request, response) => {
    if (request.url === internalKeysPath) return void response.end(JSON.stringify(issuer.jwks()));
    // What a service asks once at its start.
    if (request.url?.startsWith(internalRoutesPath) === true) return void response.writeHead(404).end();
    seen.push({ url: request.url, headers: request.headers });
    answer(response);
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  gateway.closeAllConnections();
  gateway.close();
});

function say(status: number, body: object) {
  return (response: ServerResponse): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function start(
  adapter = new ExpressAdapter() as ExpressAdapter | FastifyAdapter,
  change: Partial<SallyportOptions> = {},
) {
  const trust = change.keys === undefined ? { keysUrl: origin + internalKeysPath } : {};
  const options = { issuer: issuer.issuer, audience: 'files', ...trust, ...change };
  const module = { module: class {}, imports: [SallyportModule.forRoot(options)], controllers: [FilesController] };
  const app = await NestFactory.create(module, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  apps.push(app);
  return urlOf(app);
}

const authorization = (): Readonly<Record<string, string>> => ({ authorization: `Bearer ${issuer.sign()}` });

describe('ProviderTokens', () => {
  it.each([
    { name: 'Express', adapter: () => new ExpressAdapter() },
    { name: 'Fastify', adapter: () => new FastifyAdapter() },
  ])('gets the token of the user of a request with $name', async ({ adapter }) => {
    const url = await start(adapter());
    const headers = { ...authorization(), 'x-request-id': 'req-1' };
    const response = await fetch(`${url}/files/list`, { headers });
    expect([response.status, await response.json()]).toEqual([200, { accessToken: 'ya29', scopes: ['drive'] }]);
    expect(seen).toMatchObject([{ url: '/internal/provider-tokens/google', headers }]);
  });

  it.each([
    { status: 401, code: 'SP_TOKEN_EXPIRED', kind: 'caller-unknown' },
    { status: 403, code: 'SP_FORBIDDEN', kind: 'not-permitted' },
    { status: 404, code: 'SP_PROVIDER_NOT_CONNECTED', kind: 'not-connected' },
    { status: 409, code: 'SP_PROVIDER_SIGN_IN_REQUIRED', kind: 'sign-in-required' },
    { status: 503, code: 'SP_PROVIDER_UNAVAILABLE', kind: 'unavailable' },
  ])('tells $status of the gateway as $kind, and never as the answer to the user', async ({ status, code, kind }) => {
    answer = say(status, { code });
    const url = await start();
    const handled = await fetch(`${url}/files/handled`, { headers: authorization() });
    expect(await handled.json()).toEqual({ kind });
    expect((await fetch(`${url}/files/list`, { headers: authorization() })).status).toBe(500);
  });

  it.each([{}, { authorization: 'Basic x' }])('asks nothing without the token of a user: %j', async (headers) => {
    const url = await start();
    const handled = await fetch(`${url}/files/handled`, { headers });
    expect(await handled.json()).toEqual({ kind: 'caller-unknown' });
    expect(seen).toEqual([]);
  });

  it('asks where its option says', async () => {
    const url = await start(new ExpressAdapter(), { providerTokens: { url: origin, timeoutMilliseconds: 200 } });
    answer = () => {};
    const handled = await fetch(`${url}/files/handled`, { headers: authorization() });
    expect(await handled.json()).toEqual({ kind: 'unreachable' });
  });

  it('says what is missing where nothing names the gateway', async () => {
    const url = await start(new ExpressAdapter(), { keys: issuer.jwks() });
    const handled = await fetch(`${url}/files/handled`, { headers: authorization() });
    expect(JSON.stringify(await handled.json())).toContain('providerTokens.url');
  });
});

describe('the option providerTokens', () => {
  const options = {
    issuer: issuer.issuer,
    audience: 'files',
    keysUrl: 'https://gateway.test/internal/.well-known/jwks.json',
  };

  it.each([
    { name: 'with a member that is no option', providerTokens: { uri: 'https://gateway.test' } },
    { name: 'in plain http away from loopback', providerTokens: { url: 'http://gateway.test' } },
    { name: 'that is no URL', providerTokens: { url: 'gateway' } },
    { name: 'with a time out of bounds', providerTokens: { timeoutMilliseconds: 1 } },
    { name: 'that is a text', providerTokens: 'https://gateway.test' },
  ])('is refused $name', ({ providerTokens }) => {
    expect(() => requireSallyportOptions({ ...options, providerTokens } as SallyportOptions)).toThrow('providerTokens');
  });
});
