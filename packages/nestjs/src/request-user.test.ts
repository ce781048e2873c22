import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import {
  Controller,
  Get,
  Injectable,
  Req,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, it } from 'vitest';
import { Authenticated, Public } from './access/declare-access.ts';
import type { RequestUserOption } from './request-user.ts';
import { SallyportModule } from './sallyport-module.ts';

const issuer = createTestIssuer();

@Controller()
class MeController {
  @Get('me')
  @Authenticated()
  me(@Req() request: { user?: unknown }): unknown {
    return { user: request.user ?? null };
  }

  @Get('open')
  @Public('shown before sign-in')
  open(@Req() request: { user?: unknown }): unknown {
    return { user: request.user ?? null };
  }
}

/** As applications have them that knew Passport before. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<{ user?: { id?: string } }>().user?.id !== 'suspended';
  }
}

async function start(platform: 'Express' | 'Fastify', requestUser?: RequestUserOption) {
  const access = SallyportModule.forRoot({
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys: issuer.jwks(),
    logger: { info: () => {}, warn: () => {}, error: () => {} },
    ...(requestUser === undefined ? {} : { requestUser }),
  });
  const root = {
    module: class Root {},
    imports: [access],
    controllers: [MeController],
    providers: [{ provide: APP_GUARD, useClass: UserGuard }],
  };
  const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create<INestApplication>(root, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return {
    close: () => app.close(),
    get: async (path: string, token?: string) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`http://127.0.0.1:${port}/${path}`, { headers });
      return { status: response.status, body: await response.json() };
    },
  };
}

describe.each(['Express', 'Fastify'] as const)('request.user on %s', (platform) => {
  it.each([undefined, false] as const)('is left alone where the option is %s', async (option) => {
    const app = await start(platform, option);
    expect(await app.get('me', issuer.issueToken())).toEqual({ status: 200, body: { user: null } });
    await app.close();
  });

  it('is the principal where the option is true, also for guards of the application', async () => {
    const app = await start(platform, true);
    expect(await app.get('me', issuer.issueToken({ id: 'ada' }))).toMatchObject({
      body: { user: { kind: 'user', id: 'ada' } },
    });
    expect((await app.get('me', issuer.issueToken({ id: 'suspended' }))).status).toBe(403);
    await app.close();
  });

  it('is what a function makes of the principal, and nothing where no user signed in', async () => {
    const app = await start(platform, ({ id, roles }) => ({ userId: id, roles }));
    const token = issuer.issueToken({ id: 'ada', roles: ['clerk'] });
    const user = { userId: 'ada', roles: ['clerk'] };
    expect(await app.get('me', token)).toEqual({ status: 200, body: { user } });
    expect(await app.get('open', token)).toEqual({ status: 200, body: { user } });
    expect(await app.get('open')).toEqual({ status: 200, body: { user: null } });
    expect(await app.get('open', createTestIssuer().issueToken())).toEqual({ status: 200, body: { user: null } });
    await app.close();
  });

  it('has the members that are named, of what is known of the caller', async () => {
    const app = await start(platform, {
      userId: 'id',
      email: 'email',
      role: 'role',
      roles: 'roles',
      can: 'permissions',
    });
    const known = { roles: ['clerk', 'admin'], permissions: ['order:read'] };
    const token = issuer.issueToken({ id: 'ada', ...known, profile: { name: 'Ada', email: 'ada@example.com' } });
    const rights = { roles: ['clerk', 'admin'], can: ['order:read'] };
    expect(await app.get('me', token)).toEqual({
      status: 200,
      body: { user: { userId: 'ada', email: 'ada@example.com', role: 'clerk', ...rights } },
    });
    const machine = issuer.issueToken({ id: 'cron', kind: 'service', roles: [] });
    expect((await app.get('me', machine)).body).toEqual({ user: { userId: 'cron', roles: [], can: [] } });
    await app.close();
  });
});

it.each(['user', 7, null, [], {}, { userId: 'uid' }, { userId: 'constructor' }, { userId: ['id'] }])(
  'the option requestUser is not %j',
  (value) => {
    const options = {
      issuer: issuer.issuer,
      audience: issuer.audience,
      keys: issuer.jwks(),
      requestUser: value as never,
    };
    expect(() => SallyportModule.forRoot(options)).toThrow('requestUser must be');
  },
);
