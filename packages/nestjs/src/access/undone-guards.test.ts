import type { AddressInfo } from 'node:net';
import type { LogFields, Logger, Principal } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import { CacheInterceptor, CacheKey, CacheModule } from '@nestjs/cache-manager';
import {
  Controller,
  Get,
  Injectable,
  Post,
  UseGuards,
  UseInterceptors,
  type DynamicModule,
  type ExecutionContext,
  type INestApplication,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ThrottlerGuard, ThrottlerModule, type ThrottlerModuleOptions } from '@nestjs/throttler';
import { beforeEach, describe, expect, it } from 'vitest';
import { callerOf, CurrentPrincipal } from '../request-caller.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { Authenticated, OptionalAuth, Public } from './declare-access.ts';
import { trackByCaller } from './track-by-caller.ts';

const issuer = createTestIssuer({ roles: { user: [], admin: [] } });
const warnings: LogFields[] = [];
beforeEach(() => {
  warnings.length = 0;
});
const logger: Logger = { info: () => {}, warn: (_message, fields) => void warnings.push(fields), error: () => {} };

interface Parts {
  readonly imports?: readonly DynamicModule[];
  readonly controllers: readonly Type[];
  readonly providers?: readonly Provider[];
  readonly before?: (app: NestExpressApplication) => void;
}

async function start({ imports = [], controllers, providers = [], before }: Parts): Promise<NestExpressApplication> {
  const access = SallyportModule.forRoot({
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys: issuer.jwks(),
    logger,
  });
  const root = {
    module: class Root {},
    imports: [access, ...imports],
    controllers: [...controllers],
    providers: [...providers],
  };
  const app = await NestFactory.create<NestExpressApplication>(root, { logger: false, abortOnError: false });
  before?.(app);
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

async function get(app: INestApplication, path: string, role: string): Promise<readonly [number, string]> {
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const headers = { authorization: `Bearer ${issuer.tokenFor(role)}` };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return [answer.status, await answer.text()];
}

@Controller('orders')
@Authenticated()
class OrdersController {
  @Get()
  mine(@CurrentPrincipal() principal: Principal): string {
    return `orders of ${principal.id}`;
  }
}

const cache = CacheModule.register();

describe('the start with CacheInterceptor', () => {
  it('fails where a guarded handler has it, before one caller gets the answer of another', async () => {
    @Controller('orders')
    @UseInterceptors(CacheInterceptor)
    class CachedController extends OrdersController {
      @Get('maybe')
      @OptionalAuth()
      maybe(): void {}

      @Get('open')
      @Public('the same for everyone')
      open(): void {}

      @Post('change')
      change(): void {}
    }
    const failed = await start({ imports: [cache], controllers: [CachedController] }).then(
      () => '',
      (error: unknown) => String(error),
    );
    expect(failed).toContain('CachedController.mine: CacheInterceptor would give one caller the answer of another');
    expect(failed).toContain('CachedController.maybe');
    expect(failed).not.toMatch(/CachedController\.(open|change)/);
  });

  it.each([
    { name: 'as a provider', parts: { providers: [{ provide: APP_INTERCEPTOR, useClass: CacheInterceptor }] } },
    {
      name: 'in main.ts',
      parts: {
        before: (app: NestExpressApplication) => void app.useGlobalInterceptors(app.get(CacheInterceptor)),
        providers: [CacheInterceptor],
      },
    },
  ])('fails where the whole application has it $name', async ({ parts }) => {
    await expect(start({ imports: [cache], controllers: [OrdersController], ...parts })).rejects.toThrow(
      'OrdersController.mine: CacheInterceptor',
    );
  });

  it('fails on a fixed key, whatever the method', async () => {
    @Controller('orders')
    @Authenticated()
    class KeyedController {
      @Post()
      @UseInterceptors(CacheInterceptor)
      @CacheKey('orders')
      change(): void {}
    }
    await expect(start({ imports: [cache], controllers: [KeyedController] })).rejects.toThrow('KeyedController.change');
  });

  it('succeeds where the application keys by caller, and each gets its own', async () => {
    @Injectable()
    class OwnCache extends CacheInterceptor {
      protected override trackBy(context: ExecutionContext): string {
        const request = context.switchToHttp().getRequest<{ readonly url: string }>();
        const caller = callerOf(request);
        return `${caller.kind === 'anonymous' ? '' : caller.id} ${request.url}`;
      }
    }
    const app = await start({
      imports: [cache],
      controllers: [OrdersController],
      providers: [{ provide: APP_INTERCEPTOR, useClass: OwnCache }],
    });
    for (const role of ['user', 'admin', 'user'])
      expect(await get(app, '/orders', role)).toEqual([200, `orders of ${role}-1`]);
    await app.close();
  });
});

const throttlers = [{ ttl: 60_000, limit: 1 }];
const throttled = (options: ThrottlerModuleOptions): Parts => ({
  imports: [ThrottlerModule.forRoot(options)],
  controllers: [OrdersController],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
});
const warning = [expect.objectContaining({ event: 'throttler-counts-gateway' })];

describe('the start with ThrottlerGuard', () => {
  it('warns where it counts the gateway as one client', async () => {
    const app = await start(throttled({ throttlers }));
    expect(warnings).toEqual(warning);
    await app.close();
  });

  it('warns where it is bound to a handler', async () => {
    @Controller('limited')
    @Authenticated()
    class LimitedController {
      @Get()
      @UseGuards(ThrottlerGuard)
      read(): void {}
    }
    const app = await start({ imports: [ThrottlerModule.forRoot(throttlers)], controllers: [LimitedController] });
    expect(warnings).toEqual(warning);
    await app.close();
  });

  it('is silent where it counts callers, where a proxy is trusted, and where there is none', async () => {
    for (const parts of [
      throttled({ throttlers, getTracker: trackByCaller }),
      throttled([{ ttl: 60_000, limit: 1, getTracker: trackByCaller }]),
      { ...throttled({ throttlers }), before: (app: NestExpressApplication) => void app.set('trust proxy', 1) },
      { controllers: [OrdersController] },
    ])
      await (await start(parts)).close();
    expect(warnings).toEqual([]);
  });
});

describe('trackByCaller', () => {
  it('counts each caller alone, and no two as one', async () => {
    @Controller('limited')
    @Authenticated()
    class LimitedController {
      @Get()
      @UseGuards(ThrottlerGuard)
      read(): string {
        return 'read';
      }
    }
    const app = await start({
      imports: [ThrottlerModule.forRoot({ throttlers, getTracker: trackByCaller })],
      controllers: [LimitedController],
    });
    expect((await get(app, '/limited', 'user'))[0]).toBe(200);
    expect((await get(app, '/limited', 'user'))[0]).toBe(429);
    expect((await get(app, '/limited', 'admin'))[0]).toBe(200);
    await app.close();
  });

  it('counts strangers by address', () => {
    expect(trackByCaller({ ip: '192.0.2.1' })).toBe('address:192.0.2.1');
    expect(trackByCaller({})).toBe('address:unknown');
  });
});
