import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Accepts, Authenticated, callerOf, Permissions, SallyportModule } from '@sallyport/nestjs';
import { startIntrospectionGateway, type IntrospectionGateway } from '@sallyport/server/test-support';
import { Controller, Get, Req, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';

class BillingController {
  me(request: object): object {
    return callerOf(request);
  }

  invoices(): string {
    return 'served';
  }

  stock(request: object): object {
    return callerOf(request);
  }
}
// By hand: the tests of the whole system are compiled without decorators.
const methodOf = (name: keyof BillingController): PropertyDescriptor =>
  Object.getOwnPropertyDescriptor(BillingController.prototype, name) ?? {};
Get('me')(BillingController.prototype, 'me', methodOf('me'));
Req()(BillingController.prototype, 'me', 0);
Authenticated()(BillingController.prototype, 'me', methodOf('me'));
Get('invoices')(BillingController.prototype, 'invoices', methodOf('invoices'));
Permissions('product:create')(BillingController.prototype, 'invoices', methodOf('invoices'));
Get('stock')(BillingController.prototype, 'stock', methodOf('stock'));
Req()(BillingController.prototype, 'stock', 0);
Permissions('product:read')(BillingController.prototype, 'stock', methodOf('stock'));
Accepts('api-key', 'bearer', 'opaque')(BillingController.prototype, 'stock', methodOf('stock'));
Controller('billing')(BillingController);

describe.each(['opaque', 'jwt'] as const)('a Nest service that asks a gateway about tokens (%s)', (form) => {
  let gateway: IntrospectionGateway;
  let service: INestApplication;
  let port: number;
  beforeAll(async () => {
    [port = 0] = await findFreePorts(1);
    const billing = {
      name: 'billing',
      prefix: '/billing',
      upstream: `http://127.0.0.1:${port}`,
      audience: 'billing',
      access: 'signed-in' as const,
      permissions: ['product:*'],
      profile: true,
      credentials: [form === 'jwt' ? ('bearer' as const) : ('opaque' as const), 'api-key' as const],
    };
    gateway = await startIntrospectionGateway(form, {
      routes: [billing],
      introspection: {
        services: { billing: { permissions: ['product:*'], profile: true, apiKeys: true }, reports: {} },
      },
    });
    const root = {
      module: class Root {},
      imports: [
        SallyportModule.forRoot({
          issuer: `${gateway.origin}/internal`,
          audience: 'billing',
          keysUrl: `http://127.0.0.1:${gateway.gateway.internalPort}/internal/.well-known/jwks.json`,
          introspection: {
            url: `${gateway.origin}/oauth2/introspect`,
            apiKey: gateway.keys.billing.secret,
            cacheSeconds: 0,
          },
        }),
      ],
      controllers: [BillingController],
    };
    service = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
    await service.listen(port, '127.0.0.1');
  });
  afterAll(async () => {
    await service.close();
    await gateway.close();
  });

  const direct = (path: string, token: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const throughGateway = (path: string, token: string): Promise<Response> =>
    gateway.get(path, { authorization: `Bearer ${token}` });

  it('knows the same caller past the gateway as through it', async () => {
    const { access_token } = await gateway.signProgramIn();
    const [past, through] = [
      await direct('/billing/me', access_token),
      await throughGateway('/billing/me', access_token),
    ];
    expect([past.status, through.status]).toEqual([200, 200]);
    const caller: unknown = await past.json();
    expect(caller).toEqual(await through.json());
    expect(caller).toMatchObject({ kind: 'user', roles: ['vendor'], profile: { email: 'vendor@example.test' } });
  });

  it('honours permissions by the same decorators', async () => {
    const [vendor, user] = [await gateway.signProgramIn('vendor'), await gateway.signProgramIn('user')];
    expect((await direct('/billing/invoices', vendor.access_token)).status).toBe(200);
    expect((await direct('/billing/invoices', user.access_token)).status).toBe(403);
  });

  it('takes internal tokens, access tokens and API keys at one handler, and knows each caller', async () => {
    const { access_token } = await gateway.signProgramIn();
    const key = { 'x-api-key': gateway.keys.reader.secret };
    const at = `http://127.0.0.1:${port}/billing/stock`;
    const [byKey, byScheme, through, byToken, tokenThrough] = await Promise.all([
      fetch(at, { headers: key }),
      fetch(at, { headers: { authorization: `ApiKey ${gateway.keys.reader.secret}` } }),
      gateway.get('/billing/stock', key),
      direct('/billing/stock', access_token),
      throughGateway('/billing/stock', access_token),
    ]);
    expect([byKey, byScheme, through, byToken, tokenThrough].map(({ status }) => status)).toEqual([
      200, 200, 200, 200, 200,
    ]);
    const machine: unknown = await byKey.json();
    expect(machine).toMatchObject({ kind: 'service', clientId: gateway.keys.reader.id, credential: 'api-key' });
    expect(await byScheme.json()).toEqual(machine);
    expect(await through.json()).toEqual(machine);
    expect(await byToken.json()).toEqual(await tokenThrough.json());
  });

  it('refuses a key that is worth nothing, one beside another credential, and one where none is named', async () => {
    const { access_token } = await gateway.signProgramIn();
    const secret = gateway.keys.reader.secret;
    const ask = async (path: string, headers: Readonly<Record<string, string>>): Promise<readonly [number, string]> => {
      const answer = await fetch(`http://127.0.0.1:${port}/billing/${path}`, { headers });
      return [answer.status, ((await answer.json()) as { readonly code: string }).code];
    };
    for (const worthless of [`sp_key_${'A'.repeat(38)}`, `${secret.slice(0, -1)}x`, 'x', access_token, ''])
      expect((await ask('stock', { 'x-api-key': worthless }))[0]).toBe(401);
    expect(await ask('stock', { 'x-api-key': secret, authorization: `Bearer ${access_token}` })).toEqual([
      400,
      'SP_CREDENTIALS_CONFLICT',
    ]);
    expect(await ask('stock', { authorization: `Bearer ${secret}` })).toEqual([401, 'SP_TOKEN_INVALID']);
    expect(await ask('me', { 'x-api-key': secret })).toEqual([401, 'SP_UNAUTHENTICATED']);
    expect(await ask('me', { authorization: `ApiKey ${secret}` })).toEqual([401, 'SP_TOKEN_INVALID']);
    // Of the service that asks: it holds other permissions than the handler needs.
    expect(await ask('stock', { 'x-api-key': gateway.keys.billing.secret })).toEqual([403, 'SP_FORBIDDEN']);
  });

  it('refuses a token with its sign-in, wherever that was ended, and every other text', async () => {
    for (const path of ['/oauth2/revoke', '/auth/token/revoke']) {
      const { access_token, refresh_token } = await gateway.signProgramIn();
      expect((await direct('/billing/me', access_token)).status).toBe(200);
      const ended =
        path === '/oauth2/revoke'
          ? await gateway.post(path, `token=${access_token}`, { 'x-api-key': gateway.keys.billing.secret })
          : await fetch(gateway.origin + path, {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ refresh_token }),
            });
      expect(ended.status).toBe(200);
      for (const token of [access_token, refresh_token, `${access_token}x`, 'x', gateway.keys.billing.secret])
        expect((await direct('/billing/me', token)).status).toBe(401);
    }
  });
});

describe('a Nest service whose gateway is away', () => {
  it('answers 503 and never 401', async () => {
    const [port = 0] = await findFreePorts(1);
    const root = {
      module: class Root {},
      imports: [
        SallyportModule.forRoot({
          issuer: 'http://localhost:9/internal',
          audience: 'billing',
          introspection: { url: `http://127.0.0.1:${port}/oauth2/introspect`, apiKey: `sp_key_${'A'.repeat(38)}` },
        }),
      ],
      controllers: [BillingController],
    };
    const service = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
    await service.listen(0, '127.0.0.1');
    // A server that listens on a port has an address of this shape.
    const address = (service.getHttpServer() as { address(): AddressInfo }).address();
    const answer = await fetch(`http://127.0.0.1:${address.port}/billing/me`, {
      headers: { authorization: 'Bearer a.b.c' },
    });
    expect(answer.status).toBe(503);
    await service.close();
  });
});
