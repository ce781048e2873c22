import type { AddressInfo } from 'node:net';
import { createTestIssuer, encodeJson, type TestKeyEndpoint } from '@sallyport/testing';
import type { Logger, LogFields, Principal } from '@sallyport/core';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  GoneException,
  Head,
  Injectable,
  MethodNotAllowedException,
  Post,
  Req,
  StandardSchemaValidationPipe,
  UnsupportedMediaTypeException,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authenticated, Permissions, Public, Roles } from './declare-access.ts';
import { callerOf, CurrentPrincipal } from './request-caller.ts';
import { SallyportModule } from './sallyport-module.ts';
import { toValidationError } from './validation-error.ts';

const issuer = createTestIssuer({
  issuer: 'https://app.test/internal',
  roles: { user: [], vendor: ['product:read', 'product:create'], admin: ['product:read', 'user:manage'] },
});

const lines: (LogFields & { message: string })[] = [];
const logger: Logger = {
  info: (message, fields) => void lines.push({ message, ...fields }),
  warn: (message, fields) => void lines.push({ message, ...fields }),
  error: (message, fields) => void lines.push({ message, ...fields }),
};

/** Counts what reached a handler: a refusal must never get that far. */
let handled = 0;

@Controller('guarded')
class GuardedController {
  @Get('anyone')
  @Authenticated()
  anyone(@CurrentPrincipal() principal: Principal): Principal {
    handled += 1;
    return principal;
  }

  @Get('role')
  @Roles('admin', 'vendor')
  role(): string {
    handled += 1;
    return 'role';
  }

  @Get('permission')
  @Permissions('product:read', 'product:create')
  permission(): string {
    handled += 1;
    return 'permission';
  }

  @Get('both')
  @Roles('admin')
  @Permissions('product:create')
  both(): string {
    handled += 1;
    return 'both';
  }

  @Get('mutate')
  @Authenticated()
  mutate(@CurrentPrincipal() principal: Principal): string {
    handled += 1;
    (principal.roles as string[]).push('admin');
    return 'mutated';
  }
}

@Controller('admin')
@Roles('admin')
class AdminController {
  @Get('inherits')
  inherits(): string {
    handled += 1;
    return 'inherits';
  }

  @Get('adds')
  @Permissions('user:manage')
  adds(): string {
    handled += 1;
    return 'adds';
  }

  @Get('opened')
  @Public('the sign-in page shows it')
  opened(): string {
    handled += 1;
    return 'opened';
  }

  @Get('not-weakened')
  @Authenticated()
  notWeakened(): string {
    handled += 1;
    return 'not-weakened';
  }
}

@Controller('extended')
class ExtendedController extends AdminController {}

@Controller('open')
@Public('everyone may look')
class OpenController {
  @Get()
  look(@CurrentPrincipal() caller: { kind: string }, @Req() request: object): { kind: string; same: boolean } {
    return { kind: caller.kind, same: callerOf(request) === caller };
  }

  @Head('head')
  head(): void {}

  @Get('closed')
  @Roles('admin')
  closed(): string {
    handled += 1;
    return 'closed';
  }
}

const bodySchema = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) =>
      typeof value === 'object' && value !== null && 'name' in value
        ? { value }
        : { issues: [{ message: 'Required', path: ['name'] }] },
  },
};

@Controller('faults')
@Public('errors are the subject here')
class FaultsController {
  @Post('body')
  body(@Body({ schema: bodySchema }) body: object): object {
    return body;
  }

  @Get('unknown')
  unknown(): never {
    throw new Error('the password of the database is canary-hunter2');
  }

  @Get('text')
  text(): never {
    // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- libraries do throw such things
    throw 'canary-text';
  }

  @Get('gone')
  gone(): never {
    throw new GoneException('canary-gone');
  }

  @Get('method')
  method(): never {
    throw new MethodNotAllowedException();
  }

  @Get('media')
  media(): never {
    throw new UnsupportedMediaTypeException();
  }

  @Get('pipe')
  pipe(): never {
    throw new BadRequestException(['name: is too long', 'price must be positive']);
  }
}

const pipe = new StandardSchemaValidationPipe({ exceptionFactory: toValidationError });

async function start(platform: 'Express' | 'Fastify', keysUrl: string): Promise<INestApplication> {
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keysUrl, logger })],
    controllers: [GuardedController, AdminController, ExtendedController, OpenController, FaultsController],
  };
  const adapter =
    platform === 'Express'
      ? new ExpressAdapter()
      : new FastifyAdapter({ routerOptions: { ignoreTrailingSlash: true } });
  const app = await NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
  app.useGlobalPipes(pipe);
  await app.listen(0, '127.0.0.1');
  return app;
}

function urlOf(app: INestApplication): string {
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return `http://127.0.0.1:${port}`;
}

describe.each(['Express', 'Fastify'] as const)('a service on %s', (platform) => {
  let keys: TestKeyEndpoint;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    keys = await issuer.listen();
    app = await start(platform, keys.url);
    url = urlOf(app);
  });

  afterAll(async () => {
    await app.close();
    await keys.close();
  });

  beforeEach(() => {
    handled = 0;
    lines.length = 0;
  });

  const get = (path: string, authorization?: string, method = 'GET'): Promise<Response> =>
    fetch(`${url}${path}`, { method, headers: authorization === undefined ? {} : { authorization } });

  const withToken = (path: string, token: string): Promise<Response> => get(path, `Bearer ${token}`);

  it('hands a verified caller to the handler', async () => {
    const response = await withToken('/guarded/anyone', issuer.tokenFor('vendor'));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ kind: 'user', id: 'vendor-1', roles: ['vendor'] });
  });

  it.each([
    { path: '/guarded/role', role: 'vendor', status: 200 },
    { path: '/guarded/role', role: 'user', status: 403 },
    { path: '/guarded/permission', role: 'vendor', status: 200 },
    { path: '/guarded/permission', role: 'admin', status: 403 },
    { path: '/guarded/both', role: 'vendor', status: 403 },
    { path: '/guarded/both', role: 'admin', status: 403 },
    { path: '/admin/inherits', role: 'admin', status: 200 },
    { path: '/admin/inherits', role: 'vendor', status: 403 },
    { path: '/admin/adds', role: 'admin', status: 200 },
    { path: '/admin/adds', role: 'vendor', status: 403 },
    { path: '/admin/not-weakened', role: 'vendor', status: 403 },
    { path: '/extended/inherits', role: 'vendor', status: 403 },
    { path: '/extended/adds', role: 'vendor', status: 403 },
    { path: '/open/closed', role: 'vendor', status: 403 },
    { path: '/open/closed', role: 'admin', status: 200 },
  ])('answers $role at $path with $status, also the second time', async ({ path, role, status }) => {
    const token = issuer.tokenFor(role);
    for (let time = 0; time < 2; time += 1) expect((await withToken(path, token)).status).toBe(status);
    expect(handled).toBe(status === 200 ? 2 : 0);
  });

  describe('refuses a request', () => {
    const now = (): number => Math.floor(Date.now() / 1000);
    const other = createTestIssuer({ issuer: issuer.issuer });
    const unsigned = `${encodeJson({ alg: 'none', typ: 'at+jwt' })}.${encodeJson({ sub: 'user-1', roles: ['admin'] })}.`;

    it.each([
      { name: 'without a token', authorization: () => undefined, code: 'SP_UNAUTHENTICATED' },
      { name: 'with another scheme', authorization: () => 'Basic dXNlcjpwYXNz', code: 'SP_TOKEN_INVALID' },
      { name: 'with an empty header', authorization: () => '', code: 'SP_TOKEN_INVALID' },
      { name: 'with a malformed token', authorization: () => 'Bearer not-a-token', code: 'SP_TOKEN_INVALID' },
      { name: 'with two tokens', authorization: () => `Bearer ${issuer.sign()} x`, code: 'SP_TOKEN_INVALID' },
      { name: 'with an unsigned token', authorization: () => `Bearer ${unsigned}`, code: 'SP_TOKEN_INVALID' },
      {
        name: 'with an expired token',
        authorization: () => `Bearer ${issuer.sign({ exp: now() - 60 })}`,
        code: 'SP_TOKEN_EXPIRED',
      },
      {
        name: 'with a token of the future',
        authorization: () => `Bearer ${issuer.sign({ nbf: now() + 60 })}`,
        code: 'SP_TOKEN_INVALID',
      },
      {
        name: 'with a tampered token',
        authorization: () => `Bearer ${issuer.sign().replace(/\.[^.]+\./, `.${encodeJson({ sub: 'admin' })}.`)}`,
        code: 'SP_TOKEN_INVALID',
      },
      {
        name: 'with a token of another issuer',
        authorization: () => `Bearer ${other.sign()}`,
        code: 'SP_TOKEN_INVALID',
      },
      {
        name: 'with a token of another issuer',
        authorization: () => `Bearer ${issuer.sign({ iss: 'https://app.test' })}`,
        code: 'SP_TOKEN_INVALID',
      },
      {
        name: 'with a token for another service',
        authorization: () => `Bearer ${issuer.sign({ aud: 'account' })}`,
        code: 'SP_TOKEN_INVALID',
      },
      {
        name: 'with an id token',
        authorization: () => `Bearer ${issuer.sign({}, { typ: 'JWT' })}`,
        code: 'SP_TOKEN_INVALID',
      },
      {
        name: 'with an over-long token',
        authorization: () => `Bearer ${issuer.sign({ padding: 'x'.repeat(7000) })}`,
        code: 'SP_TOKEN_INVALID',
      },
    ])('$name', async ({ authorization, code }) => {
      const response = await get('/guarded/anyone', authorization());
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="sallyport"/);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toEqual({
        type: `https://app.test/errors/${code}`,
        title: expect.any(String) as string,
        status: 401,
        code,
        hint: expect.any(String) as string,
        requestId: response.headers.get('x-request-id'),
      });
      expect(handled).toBe(0);
    });

    it('without telling a handler of it, by any method or spelling of the path', async () => {
      const attempts = [
        ...['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) =>
          get('/guarded/anyone', undefined, method),
        ),
        ...['/guarded/anyone/', '/guarded//anyone', '/Guarded/Anyone', '/guarded/anyone?x', '/guarded/%61nyone'].map(
          (path) => get(path),
        ),
        ...['/admin/inherits/', '/ADMIN/inherits'].map((path) => withToken(path, issuer.tokenFor('vendor'))),
      ];
      const statuses = (await Promise.all(attempts)).map(({ status }) => status);
      expect(statuses.filter((status) => ![401, 403, 404].includes(status))).toEqual([]);
      expect(handled).toBe(0);
    });
  });

  it.each([
    { name: 'no token', token: undefined, kind: 'anonymous' },
    { name: 'a good token', token: issuer.tokenFor('user'), kind: 'user' },
    { name: 'an expired token', token: issuer.sign({ exp: 1 }), kind: 'anonymous' },
    { name: 'rubbish', token: 'rubbish', kind: 'anonymous' },
  ])('serves a public route to $name', async ({ token, kind }) => {
    const response = await get('/open', token === undefined ? undefined : `Bearer ${token}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ kind, same: true });
  });

  it('opens one public handler and not its neighbours', async () => {
    expect((await get('/admin/opened')).status).toBe(200);
    expect((await get('/admin/inherits')).status).toBe(401);
  });

  it('lets no handler change who the next one sees', async () => {
    const token = issuer.tokenFor('user');
    expect((await withToken('/guarded/mutate', token)).status).toBe(500);
    expect((await withToken('/guarded/role', token)).status).toBe(403);
  });

  it('serves known tokens while the keys cannot be fetched, and says 503 when it never had any', async () => {
    const token = issuer.tokenFor('user');
    expect((await withToken('/guarded/anyone', token)).status).toBe(200);
    keys.behave('down');
    expect((await withToken('/guarded/anyone', token)).status).toBe(200);
    expect((await withToken('/guarded/anyone', issuer.tokenFor('user'))).status).toBe(200);

    const late = await start(platform, keys.url);
    const refused = await fetch(`${urlOf(late)}/guarded/anyone`, { headers: { authorization: `Bearer ${token}` } });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('www-authenticate')).toBeNull();
    expect(await refused.json()).toMatchObject({ code: 'SP_KEYS_UNAVAILABLE' });
    const open = await fetch(`${urlOf(late)}/open`, { headers: { authorization: `Bearer ${token}` } });
    expect(open.status).toBe(200);
    keys.behave('good');
    await late.close();
  });

  describe('answers', () => {
    const post = (body: string, type = 'application/json'): Promise<Response> =>
      fetch(`${url}/faults/body`, { method: 'POST', headers: { 'content-type': type }, body });

    it.each([
      { name: 'a body that is no JSON', body: '{"name":', status: 400, code: 'SP_JSON_MALFORMED' },
      {
        name: 'a huge body',
        body: JSON.stringify({ name: 'x'.repeat(2_000_000) }),
        status: 413,
        code: 'SP_BODY_TOO_LARGE',
      },
      { name: 'a missing field', body: '{}', status: 422, code: 'SP_VALIDATION_FAILED' },
      { name: 'a body of no JSON type', body: 'a,b', type: 'text/csv', status: [415, 422] },
    ])('$name as a problem', async ({ body, type, status, code }) => {
      const response = await post(body, type);
      expect([status].flat()).toContain(response.status);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      const problem = (await response.json()) as { code: string; status: number };
      expect(problem.status).toBe(response.status);
      if (code !== undefined) expect(problem.code).toBe(code);
    });

    it('a missing field by its name', async () => {
      expect(await (await post('{}')).json()).toMatchObject({ errors: [{ field: 'name', message: 'Required' }] });
    });

    it.each([
      { path: '/nowhere', status: 404, code: 'SP_NOT_FOUND' },
      { path: '/faults/method', status: 405, code: 'SP_METHOD_NOT_ALLOWED' },
      { path: '/faults/media', status: 415, code: 'SP_MEDIA_TYPE_UNSUPPORTED' },
      { path: '/faults/gone', status: 410, code: 'SP_REQUEST_INVALID' },
      { path: '/faults/pipe', status: 422, code: 'SP_VALIDATION_FAILED' },
      { path: '/faults/unknown', status: 500, code: 'SP_INTERNAL' },
      { path: '/faults/text', status: 500, code: 'SP_INTERNAL' },
    ])('$path with $status and nothing of what was thrown', async ({ path, status, code }) => {
      const response = await get(`${path}?secret=canary-query`);
      const text = await response.text();
      expect(response.status).toBe(status);
      expect(JSON.parse(text)).toMatchObject({ code, status });
      expect(text).not.toContain('canary');
    });

    it('a failure of ours with a line in the log under the same id', async () => {
      const response = await get('/faults/unknown');
      expect(lines).toEqual([
        expect.objectContaining({
          message: 'request failed',
          code: 'SP_INTERNAL',
          requestId: response.headers.get('x-request-id'),
          stack: expect.stringContaining('FaultsController') as string,
        }),
      ]);
    });

    it('a refusal with a reason in the log, and never a token', async () => {
      const token = issuer.tokenFor('user');
      await withToken('/guarded/role', token);
      expect(lines).toEqual([
        expect.objectContaining({ message: 'request refused', code: 'SP_FORBIDDEN', reason: 'role-missing' }),
      ]);
      expect(JSON.stringify(lines)).not.toContain(token);
    });

    it.each([
      { sent: 'gateway-4711.a_B', kept: true },
      { sent: 'two words', kept: false },
      { sent: '{"level":"info"}', kept: false },
      { sent: 'x'.repeat(200), kept: false },
    ])('under the request id $sent of the gateway: $kept', async ({ sent, kept }) => {
      const response = await fetch(`${url}/nowhere`, { headers: { 'x-request-id': sent } });
      const { requestId } = (await response.json()) as { requestId: string };
      expect(requestId === sent).toBe(kept);
      expect(requestId).not.toBe('');
    });
  });
});

describe('a provider of the application', () => {
  it('gets its options from another provider', async () => {
    @Injectable()
    class Settings {
      readonly audience = 'shop';
    }
    const settingsModule = { module: class SettingsModule {}, providers: [Settings], exports: [Settings] };
    const app = await NestFactory.create<INestApplication>(
      {
        module: class Root {},
        imports: [
          SallyportModule.forRootAsync({
            imports: [settingsModule],
            inject: [Settings],
            useFactory: (settings: Settings) => ({
              issuer: issuer.issuer,
              audience: settings.audience,
              keys: issuer.jwks(),
              logger,
            }),
          }),
        ],
        controllers: [GuardedController],
      },
      new ExpressAdapter(),
      { logger: false, abortOnError: false },
    );
    await app.listen(0, '127.0.0.1');
    const headers = { authorization: `Bearer ${issuer.tokenFor('user')}` };
    expect((await fetch(`${urlOf(app)}/guarded/anyone`, { headers })).status).toBe(200);
    expect((await fetch(`${urlOf(app)}/guarded/role`, { headers })).status).toBe(403);
    await app.close();
  });
});
