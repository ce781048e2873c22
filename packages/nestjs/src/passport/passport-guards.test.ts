import type { AddressInfo } from 'node:net';
import { createTestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import {
  Controller,
  Get,
  Injectable,
  Req,
  SetMetadata,
  UseGuards,
  type DynamicModule,
  type INestApplication,
  type Provider,
} from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LogFields, Principal } from '@sallyport/core';
import { GuardedElsewhere, Public, Roles as SallyportRoles } from '../access/declare-access.ts';
import { callerOf } from '../request-caller.ts';
import { SallyportModule } from '../sallyport-module.ts';
import {
  createRolesGuard,
  createUserByEmailStrategy,
  JwtAuthGuard,
  JwtStrategy,
  RolesGuard,
  SallyportPassportModule,
} from './index.ts';

const issuer = createTestIssuer({ roles: { user: [], vendor: [], admin: [] } });

/** As the documentation of Nest has it. */
const Roles = (...roles: string[]) => SetMetadata('roles', roles);
const Keyed = Reflector.createDecorator<string[]>();

/** As an application that had passport-jwt has it. */
@Injectable()
class OurJwtStrategy extends JwtStrategy {
  override validate({ id, roles }: Principal): unknown {
    if (id === 'banned-here') return null;
    if (id === 'breaks') throw new Error('canary-database');
    return { userId: id, roles };
  }
}

@Controller('classic')
@UseGuards(JwtAuthGuard, RolesGuard)
@Roles('admin')
class ClassicController {
  @Get('inherits')
  inherits(): string {
    return 'inherits';
  }

  @Get('overrides')
  @Roles('vendor')
  overrides(): string {
    return 'overrides';
  }
}

@Controller('plain')
@UseGuards(JwtAuthGuard, RolesGuard, createRolesGuard(Keyed.KEY))
class PlainController {
  @Get('anyone')
  anyone(@Req() request: { user: unknown }): unknown {
    return { user: request.user, caller: callerOf(request) };
  }

  @Get('account')
  account(@Req() request: { account?: unknown }): unknown {
    return request.account ?? {};
  }

  @Get('keyed')
  @Keyed(['vendor'])
  keyed(): string {
    return 'keyed';
  }

  @Get('open')
  @SetMetadata('isPublic', true)
  open(): string {
    return 'open';
  }

  @Get('public')
  @Public('shown before sign-in')
  public(): string {
    return 'public';
  }
}

@Controller('unguarded')
@UseGuards(RolesGuard)
class UnguardedController {
  @Get()
  @Roles('admin')
  read(): string {
    return 'read';
  }
}

const lines: (LogFields & { message: string })[] = [];
const write = (message: string, fields: LogFields): void => void lines.push({ message, ...fields });
const logger = { info: write, warn: write, error: write };

describe.each(['Express', 'Fastify'] as const)('guards of Passport on %s', (platform) => {
  let keys: TestKeyEndpoint;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    keys = await issuer.listen();
    const root = {
      module: class Root {},
      imports: [
        PassportModule,
        SallyportPassportModule.forRoot({
          issuer: issuer.issuer,
          audience: issuer.audience,
          keysUrl: keys.url,
          cacheSize: 0,
          logger,
        }),
      ],
      providers: [OurJwtStrategy],
      controllers: [ClassicController, PlainController, UnguardedController],
    };
    const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
    app = await NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    // A server that listens on a port has an address of this shape.
    url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
  });
  afterAll(async () => {
    await app.close();
    await keys.close();
  });
  beforeEach(() => {
    lines.length = 0;
  });

  const get = (path: string, token?: string): Promise<Response> =>
    fetch(url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

  it('give handlers what validate made of the caller, and us the principal', async () => {
    const response = await get('/plain/anyone', issuer.tokenFor('vendor'));
    expect(await response.json()).toMatchObject({
      user: { userId: 'vendor-1', roles: ['vendor'] },
      caller: { kind: 'user', id: 'vendor-1' },
    });
  });

  it.each([
    { path: '/classic/inherits', admin: 200, vendor: 403 },
    // Where our @Roles would add, the roles of the handler take the place of those of the controller.
    { path: '/classic/overrides', admin: 403, vendor: 200 },
    { path: '/plain/anyone', admin: 200, vendor: 200 },
    { path: '/plain/keyed', admin: 403, vendor: 200 },
  ])('admit to $path by the roles of the handler, or else of its controller', async ({ path, admin, vendor }) => {
    expect((await get(path, issuer.tokenFor('admin'))).status).toBe(admin);
    expect((await get(path, issuer.tokenFor('vendor'))).status).toBe(vendor);
    expect((await get(path)).status).toBe(401);
  });

  it.each(['/plain/open', '/plain/public'])('leave %s open to anonymous callers', async (path) => {
    expect((await get(path)).status).toBe(200);
  });

  it.each([
    { name: 'none', token: () => undefined, reason: 'no-token' },
    { name: 'one for another service', token: () => issuer.sign({ aud: 'account' }), reason: undefined },
    { name: 'one of another issuer', token: () => createTestIssuer().sign(), reason: undefined },
    { name: 'an expired one', token: () => issuer.issueToken({ expiresInSeconds: -60 }), reason: undefined },
    { name: 'an id token', token: () => issuer.sign({}, { typ: 'JWT' }), reason: undefined },
    { name: 'an unsigned one', token: () => issuer.sign().replace(/[^.]*$/, ''), reason: undefined },
    {
      name: 'one of a caller whom validate refuses',
      token: () => issuer.sign({ sub: 'banned-here' }),
      reason: 'no-user',
    },
  ])('refuse $name with a challenge and a line in the log', async ({ token, reason }) => {
    const response = await get('/plain/anyone', token());
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    expect(await response.json()).toMatchObject({ statusCode: 401, message: expect.any(String) as string });
    expect(lines).toEqual([expect.objectContaining({ message: 'request refused', status: 401 })]);
    if (reason !== undefined) expect(lines[0]).toMatchObject({ reason });
  });

  it('say in the log which role was needed and which was held', async () => {
    expect((await get('/classic/inherits', issuer.tokenFor('vendor'))).status).toBe(403);
    expect(lines).toEqual([
      expect.objectContaining({
        reason: 'role-missing',
        subject: 'vendor-1',
        requiredRoles: 'admin',
        heldRoles: 'vendor',
      }),
    ]);
  });

  it('answer 500 for a validate that fails, and tell the caller nothing of it', async () => {
    const response = await get('/plain/anyone', issuer.sign({ sub: 'breaks' }));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('canary');
  });

  it('refuse a role to a caller whom no guard looked at', async () => {
    expect((await get('/unguarded', issuer.tokenFor('admin'))).status).toBe(401);
  });
});

describe('roles of handler and controller, in the guard of tutorials and in ours', () => {
  @Controller('theirs')
  @UseGuards(JwtAuthGuard, RolesGuard)
  @Roles('admin')
  @GuardedElsewhere('by the guards of the tutorial')
  class TheirController {
    @Get('handler')
    @Roles('vendor')
    handler(): string {
      return 'theirs';
    }
  }

  @Controller('ours')
  @SallyportRoles('admin')
  class OurController {
    @Get('handler')
    @SallyportRoles('vendor')
    handler(): string {
      return 'ours';
    }
  }

  it('differ: theirs takes the place of what the controller says, ours adds to it', async () => {
    const root = {
      module: class Root {},
      imports: [
        PassportModule,
        SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), logger }),
      ],
      providers: [JwtStrategy],
      controllers: [TheirController, OurController],
    };
    const app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
    const statusOf = async (path: string, roles: readonly string[]): Promise<number> => {
      const headers = { authorization: `Bearer ${issuer.issueToken({ roles })}` };
      return (await fetch(`http://127.0.0.1:${port}/${path}/handler`, { headers })).status;
    };
    expect([await statusOf('theirs', ['vendor']), await statusOf('theirs', ['admin'])]).toEqual([200, 403]);
    expect([await statusOf('ours', ['vendor']), await statusOf('ours', ['admin'])]).toEqual([403, 403]);
    expect(await statusOf('ours', ['admin', 'vendor'])).toBe(200);
    await app.close();
  });
});

describe('the module of the strategy', () => {
  const options = { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() };

  it.each([
    { name: 'errors', change: { errors: 'problem' } },
    { name: 'requestUser', change: { requestUser: true } },
    { name: 'an unknown option', change: { secret: 'x' } },
    { name: 'no key', change: { keys: undefined } },
  ])('refuses $name at the start', ({ change }) => {
    expect(() => SallyportPassportModule.forRoot({ ...options, ...change } as never)).toThrow(
      /SallyportPassportModule|SallyportModule/,
    );
  });

  it('leaves the options of PassportModule their effect', async () => {
    const passport = PassportModule.register({ property: 'account' });
    const app = await start([SallyportPassportModule.forRoot(options)], passport);
    const response = await app.get(issuer.issueToken(), 'account');
    expect(await response.json()).toMatchObject({ kind: 'user', id: 'user-1' });
    await app.close();
  });

  it('answers 503, and not 401, while the keys cannot be fetched', async () => {
    const keys = await issuer.listen();
    keys.behave('down');
    const { keys: _, ...others } = options;
    const app = await start([SallyportPassportModule.forRoot({ ...others, keysUrl: keys.url, logger })]);
    const response = await app.get(issuer.issueToken());
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    await app.close();
    await keys.close();
  });

  it('finds the user of a table by the address that the gateway proved, and no other user', async () => {
    const asked: string[] = [];
    @Injectable()
    class UsersService {
      findByEmail(email: string): Promise<{ id: number; email: string } | null> {
        asked.push(email);
        return Promise.resolve(email === 'ada@example.com' ? { id: 7, email } : null);
      }
    }
    const strategy = createUserByEmailStrategy(UsersService, async (users, email) => {
      const user = await users.findByEmail(email);
      return user === null ? null : { userId: user.id };
    });
    const app = await start([SallyportPassportModule.forRoot(options)], PassportModule, [UsersService, strategy]);
    const profile = { name: 'Ada', email: 'ada@example.com' };
    const found = await app.get(issuer.issueToken({ id: 'ada', profile }));
    expect(await found.json()).toMatchObject({ user: { userId: 7 }, caller: { kind: 'user', id: 'ada' } });
    const strangers = [
      issuer.issueToken({ profile: { name: 'Eve', email: 'eve@example.com' } }),
      issuer.issueToken(),
      issuer.issueToken({ kind: 'service' }),
      createTestIssuer().issueToken({ profile }),
    ];
    for (const token of strangers) expect((await app.get(token)).status).toBe(401);
    // Never with an empty address, and never for a token that is none.
    expect(asked).toEqual(['ada@example.com', 'eve@example.com']);
    await app.close();
  });

  it('takes its options from other providers', async () => {
    const app = await start([SallyportPassportModule.forRootAsync({ useFactory: () => options })]);
    const response = await app.get(issuer.issueToken());
    expect(await response.json()).toMatchObject({ user: { kind: 'user', id: 'user-1' } });
    await app.close();
  });

  async function start(
    imports: readonly DynamicModule[],
    passport: DynamicModule | typeof PassportModule = PassportModule,
    providers: readonly Provider[] = [JwtStrategy],
  ) {
    const root = {
      module: class Root {},
      imports: [passport, ...imports],
      providers: [...providers],
      controllers: [PlainController],
    };
    const app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
    return {
      get: (token: string, path = 'anyone') =>
        fetch(`http://127.0.0.1:${port}/plain/${path}`, { headers: { authorization: `Bearer ${token}` } }),
      close: () => app.close(),
    };
  }
});
