import { OptionsError } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, Post, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, it } from 'vitest';
import { Authenticated, Permissions, Public, Roles } from './declare-access.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { requireSallyportOptions } from '../sallyport-options.ts';

const issuer = createTestIssuer();

interface Parts {
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Type[];
}

/** Starts an application and resolves to why it did not start; to the empty text when it did. */
async function whyNotStarted(parts: Parts, adapter = new ExpressAdapter()): Promise<string> {
  const { issuer: iss, audience } = issuer;
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ issuer: iss, audience, keys: issuer.jwks() })],
    controllers: [...(parts.controllers ?? [])],
    providers: [...(parts.providers ?? [])],
  };
  let app: INestApplication | undefined;
  try {
    app = await NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await app?.close();
  }
}

describe('the start', () => {
  it('fails on handlers that declare nothing, and names all of them and the ways to fix it', async () => {
    @Controller('orders')
    class OrdersController {
      @Get()
      list(): void {}

      @Post()
      @Authenticated()
      create(): void {}

      helper(): void {}
    }
    @Controller('refunds')
    class RefundsController {
      @Post()
      refund(): void {}
    }
    const why = await whyNotStarted({ controllers: [OrdersController, RefundsController] });
    expect(why).toContain('OrdersController.list (HTTP) declares no access');
    expect(why).toContain('RefundsController.refund (HTTP) declares no access');
    expect(why).not.toMatch(/OrdersController\.(create|helper)/);
    for (const way of ['@Public(', '@Authenticated()', '@Roles(', '@Permissions(']) expect(why).toContain(way);
  });

  it('fails before anything else of the application can listen', async () => {
    @Controller()
    class BareController {
      @Get()
      read(): void {}
    }
    const root = {
      module: class Root {},
      imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() })],
      controllers: [BareController],
    };
    // No `init`, no `listen`: a hybrid application would have started its microservices by then.
    const created = NestFactory.create(root, new ExpressAdapter(), { logger: false, abortOnError: false });
    await expect(created).rejects.toThrow('BareController.read');
  });

  it('fails on Fastify as well', async () => {
    @Controller()
    class BareController {
      @Get()
      read(): void {}
    }
    // NestFactory takes either adapter; only the type parameter of the test helper is narrower.
    const adapter = new FastifyAdapter() as unknown as ExpressAdapter;
    expect(await whyNotStarted({ controllers: [BareController] }, adapter)).toContain('BareController.read');
  });

  it('succeeds when every handler declares something', async () => {
    @Controller('mixed')
    @Roles('admin')
    class MixedController {
      @Get('a')
      a(): void {}

      @Get('b')
      @Public('a picture for the sign-in page')
      b(): void {}
    }
    expect(await whyNotStarted({ controllers: [MixedController] })).toBe('');
  });

  it('fails on a handler that a class inherits', async () => {
    abstract class Base {
      @Get('inherited')
      inherited(): void {}
    }
    @Controller()
    class DerivedController extends Base {}
    expect(await whyNotStarted({ controllers: [DerivedController] })).toContain('DerivedController.inherited');
  });

  it('lets a class inherit what its parent asks for', async () => {
    @Roles('admin')
    abstract class Base {}
    @Controller()
    class DerivedController extends Base {
      @Get()
      read(): void {}
    }
    expect(await whyNotStarted({ controllers: [DerivedController] })).toBe('');
  });

  it('fails on declarations that cannot be meant', async () => {
    @Controller('a')
    class AmbiguousController {
      @Get('both')
      @Public('why not')
      @Roles('admin')
      both(): void {}

      @Get('silent')
      @Public('  ')
      silent(): void {}

      @Get('no-role')
      @Roles()
      noRole(): void {}

      @Get('empty-role')
      @Roles('')
      emptyRole(): void {}

      @Get('no-permission')
      @Permissions()
      noPermission(): void {}

      @Get('misspelt')
      @Permissions('product.read' as never)
      misspelt(): void {}
    }
    const why = await whyNotStarted({ controllers: [AmbiguousController] });
    for (const method of ['both', 'silent', 'noRole', 'emptyRole', 'noPermission', 'misspelt']) {
      expect(why).toContain(`AmbiguousController.${method}: `);
    }
  });

  it('fails on a controller that is public and guarded at once', async () => {
    @Controller()
    @Public('open')
    @Authenticated()
    class TornController {
      @Get()
      read(): void {}
    }
    expect(await whyNotStarted({ controllers: [TornController] })).toContain('@Public and guarded at once');
  });
});

describe('the options', () => {
  const good = { issuer: 'https://app.test/internal', audience: 'shop', keysUrl: 'http://127.0.0.1:4000/jwks.json' };

  it('that are good are taken', () => {
    expect(requireSallyportOptions(good)).toBe(good);
  });

  it('that are bad are all named in one message, without their values', () => {
    const bad = {
      issuer: 'canary-issuer',
      audience: 'Canary Audience',
      keysUrl: 'ftp://canary',
      algorithms: ['HS256'],
      clockToleranceSeconds: -1,
      cacheSize: Number.NaN,
      audiences: ['shop'],
    };
    // What a caller without types could pass.
    const check = (): unknown => requireSallyportOptions(bad as never);
    for (const key of Object.keys(bad)) expect(check).toThrow(new RegExp(`- ${key} `));
    expect(check).not.toThrow(/canary/i);
  });

  it.each([
    { name: 'no keys', change: { keysUrl: undefined } },
    { name: 'keys twice', change: { keys: issuer.jwks() } },
    { name: 'keys over plain http from another machine', change: { keysUrl: 'http://gateway.internal/jwks.json' } },
    { name: 'a shared secret', change: { keysUrl: undefined, keys: { keys: [{ kty: 'oct', k: 'AAAA' }] } } },
    {
      name: 'a private key',
      change: { keysUrl: undefined, keys: { keys: [{ ...issuer.jwks().keys[0], d: 'AAAA' }] } },
    },
    { name: 'an empty key set', change: { keysUrl: undefined, keys: { keys: [] } } },
  ])('with $name are refused', ({ change }) => {
    expect(() => requireSallyportOptions({ ...good, ...change } as never)).toThrow(OptionsError);
  });

  it('may allow plain http by a long name', () => {
    const options = {
      ...good,
      keysUrl: 'http://gateway.internal/jwks.json',
      allowPlainHttpKeysOnPrivateNetwork: true,
    };
    expect(requireSallyportOptions(options)).toBe(options);
  });

  it('that come from a factory are checked as well', async () => {
    const root = {
      module: class Root {},
      imports: [SallyportModule.forRootAsync({ useFactory: () => ({ ...good, audience: '' }) })],
    };
    await expect(NestFactory.create(root, { logger: false, abortOnError: false })).rejects.toThrow(/- audience /);
  });
});
