import { createTestIssuer, encodeJson } from '@sallyport/testing';
import { Injectable, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { describe, expect, it } from 'vitest';
import { SallyportModule } from './sallyport-module.ts';
import {
  calls,
  GuardedController,
  issuer,
  logger,
  startService,
  urlOf,
  useService,
} from './test-service.test-support.ts';

describe.each(['Express', 'Fastify'] as const)('a service on %s', (platform) => {
  const service = useService(platform);
  const { get, withToken } = service;

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
    expect(calls.handled).toBe(status === 200 ? 2 : 0);
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
      expect(calls.handled).toBe(0);
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
      expect(calls.handled).toBe(0);
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
    service.keys.behave('down');
    expect((await withToken('/guarded/anyone', token)).status).toBe(200);
    expect((await withToken('/guarded/anyone', issuer.tokenFor('user'))).status).toBe(200);

    const late = await startService(platform, service.keys.url);
    const refused = await fetch(`${urlOf(late)}/guarded/anyone`, { headers: { authorization: `Bearer ${token}` } });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('www-authenticate')).toBeNull();
    expect(await refused.json()).toMatchObject({ code: 'SP_KEYS_UNAVAILABLE' });
    const open = await fetch(`${urlOf(late)}/open`, { headers: { authorization: `Bearer ${token}` } });
    expect(open.status).toBe(200);
    service.keys.behave('good');
    await late.close();
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
