import type { AddressInfo } from 'node:net';
import type { Caller, LogFields, Logger } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Accepts,
  Authenticated,
  GuardedElsewhere,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  ServiceOnly,
} from '../access/declare-access.ts';
import { CurrentPrincipal } from '../request-caller.ts';
import { SallyportModule } from '../sallyport-module.ts';

const issuer = createTestIssuer({ roles: { user: [], reader: ['report:read'], clerk: ['order:read', 'report:read'] } });

const lines: LogFields[] = [];
const note = (_message: string, fields: LogFields): void => void lines.push(fields);
const logger: Logger = { info: note, warn: note, error: note };

const nameOf = (caller: Caller): string => (caller.kind === 'anonymous' ? 'anonymous' : caller.id);

@Controller('shop')
@Roles('admin')
class ShopController {
  @Get('list')
  @OptionalAuth()
  list(@CurrentPrincipal() caller: Caller): string {
    return nameOf(caller);
  }

  @Get('hook')
  @GuardedElsewhere('by the signature of the sender')
  hook(@CurrentPrincipal() caller: Caller): string {
    return nameOf(caller);
  }

  @Get('open')
  @Public('a page for everyone')
  open(@CurrentPrincipal() caller: Caller): string {
    return nameOf(caller);
  }
}

@Controller('reports')
class ReportsController {
  @Get('any')
  @Permissions({ any: ['order:read', 'report:read'] })
  any(): string {
    return 'any';
  }

  @Get('all')
  @Permissions('order:read', 'report:read')
  all(): string {
    return 'all';
  }

  @Get('machines')
  @ServiceOnly()
  machines(): string {
    return 'machines';
  }

  @Get('reading-machines')
  @ServiceOnly()
  @Permissions('report:read')
  readingMachines(): string {
    return 'reading machines';
  }
}

@Controller('keys')
@Authenticated()
@Accepts('api-key')
class KeysController {
  @Get()
  read(): string {
    return 'by key';
  }

  @Get('also')
  @Accepts('session', 'bearer')
  also(): string {
    return 'by session';
  }

  @Get('optional')
  @OptionalAuth()
  @Accepts('session')
  optional(@CurrentPrincipal() caller: Caller): string {
    return nameOf(caller);
  }
}

describe.each(['Express', 'Fastify'] as const)('a handler on %s', (platform) => {
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    const root = {
      module: class Root {},
      imports: [
        SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), logger }),
      ],
      controllers: [ShopController, ReportsController, KeysController],
    };
    const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
    app = await NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
  });
  afterAll(() => app.close());

  const get = async (path: string, authorization?: string): Promise<readonly [number, string]> => {
    const answer = await fetch(`${url}${path}`, { headers: authorization === undefined ? {} : { authorization } });
    const text = await answer.text();
    return [answer.status, answer.ok ? text : (JSON.parse(text) as { readonly code: string }).code];
  };
  const as = (role: string, claims: Readonly<Record<string, unknown>> = {}): string =>
    `Bearer ${issuer.tokenFor(role, claims)}`;

  it('with @OptionalAuth takes strangers and names the others, inside a guarded controller', async () => {
    expect(await get('/shop/list')).toEqual([200, 'anonymous']);
    expect(await get('/shop/list', as('user'))).toEqual([200, 'user-1']);
  });

  it.each([
    { name: 'that expired', authorization: () => as('user', { exp: 1 }), code: 'SP_TOKEN_EXPIRED' },
    { name: 'for another service', authorization: () => as('user', { aud: 'billing' }), code: 'SP_TOKEN_INVALID' },
    { name: 'that is none', authorization: () => 'Bearer none', code: 'SP_TOKEN_INVALID' },
    { name: 'of another scheme', authorization: () => 'Basic YTpi', code: 'SP_TOKEN_INVALID' },
  ])('with @OptionalAuth refuses a token $name, which @Public ignores', async ({ authorization, code }) => {
    expect(await get('/shop/list', authorization())).toEqual([401, code]);
    expect(await get('/shop/open', authorization())).toEqual([200, 'anonymous']);
  });

  it('with @GuardedElsewhere is left alone, whatever is presented', async () => {
    expect(await get('/shop/hook')).toEqual([200, 'anonymous']);
    expect(await get('/shop/hook', 'Bearer none')).toEqual([200, 'anonymous']);
    expect(await get('/shop/hook', as('user'))).toEqual([200, 'anonymous']);
  });

  it('with @Permissions({ any }) asks for one of them, and with a list for all', async () => {
    expect(await get('/reports/any', as('reader'))).toEqual([200, 'any']);
    expect(await get('/reports/any', as('user'))).toEqual([403, 'SP_FORBIDDEN']);
    expect(await get('/reports/any')).toEqual([401, 'SP_UNAUTHENTICATED']);
    expect(await get('/reports/all', as('reader'))).toEqual([403, 'SP_FORBIDDEN']);
    expect(await get('/reports/all', as('clerk'))).toEqual([200, 'all']);
  });

  it('with @Permissions({ any }) says in the log of which permissions one is needed, and what is held', async () => {
    for (const [claims, hint] of [
      [{}, /carries no permission/],
      [{ scope: 'stock:read' }, undefined],
    ] as const) {
      lines.length = 0;
      expect((await get('/reports/any', as('user', claims)))[0]).toBe(403);
      const [line] = lines;
      expect(line).toMatchObject({
        event: 'request-refused',
        reason: 'permission-missing',
        requiredAnyPermission: 'order:read report:read',
        heldPermissions: 'scope' in claims ? claims.scope : '',
      });
      if (hint === undefined) expect(line).not.toHaveProperty('hint');
      else expect(line).toHaveProperty('hint', expect.stringMatching(hint));
    }
  });

  it('with @ServiceOnly refuses users, and asks machines for what stands beside it', async () => {
    const machine = { sub_type: 'service', cred: 'api-key' };
    expect(await get('/reports/machines', as('clerk'))).toEqual([403, 'SP_FORBIDDEN']);
    expect(await get('/reports/machines')).toEqual([401, 'SP_UNAUTHENTICATED']);
    expect(await get('/reports/machines', as('user', machine))).toEqual([200, 'machines']);
    expect(await get('/reports/reading-machines', as('user', machine))).toEqual([403, 'SP_FORBIDDEN']);
    expect(await get('/reports/reading-machines', as('reader', machine))).toEqual([200, 'reading machines']);
  });

  it('with @Accepts takes the credentials that it names, and those of its controller where it names none', async () => {
    expect(await get('/keys', as('user', { cred: 'api-key' }))).toEqual([200, 'by key']);
    for (const cred of ['session', 'bearer', 'opaque', 'mtls', 'webhook'])
      expect(await get('/keys', as('user', { cred }))).toEqual([401, 'SP_UNAUTHENTICATED']);
    expect(await get('/keys/also', as('user', { cred: 'session' }))).toEqual([200, 'by session']);
    expect(await get('/keys/also', as('user', { cred: 'api-key' }))).toEqual([401, 'SP_UNAUTHENTICATED']);
  });

  it('with @Accepts beside @OptionalAuth takes strangers, and refuses another credential', async () => {
    expect(await get('/keys/optional')).toEqual([200, 'anonymous']);
    expect(await get('/keys/optional', as('user', { cred: 'session' }))).toEqual([200, 'user-1']);
    expect(await get('/keys/optional', as('user', { cred: 'bearer' }))).toEqual([401, 'SP_UNAUTHENTICATED']);
  });
});
