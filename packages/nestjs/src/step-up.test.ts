import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticated, Permissions, Public, StepUp } from './access/declare-access.ts';
import { SallyportModule } from './sallyport-module.ts';

const issuer = createTestIssuer({ roles: { user: [], cashier: ['order:refund'] } });

@Controller('orders')
@Authenticated()
class OrdersController {
  @Get('refunds')
  @Permissions('order:refund')
  @StepUp({ acr: 'mfa', maxAgeSeconds: 300 })
  refunds(): string {
    return 'refunds';
  }

  @Get('address')
  @StepUp({ maxAgeSeconds: 60 })
  address(): string {
    return 'address';
  }
}

@Controller('vault')
@Authenticated()
@StepUp({ acr: 'mfa' })
class VaultController {
  @Get()
  look(): string {
    return 'vault';
  }

  @Get('deep')
  @StepUp({ maxAgeSeconds: 60 })
  deep(): string {
    return 'deep';
  }
}

const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;

describe('a handler that asks for a step-up', () => {
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    app = await startWith([OrdersController, VaultController]);
    url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
  });
  afterAll(() => app.close());

  const get = (path: string, role: string, claims: Readonly<Record<string, unknown>>): Promise<Response> =>
    fetch(`${url}${path}`, { headers: { authorization: `Bearer ${issuer.tokenFor(role, claims)}` } });

  it.each([
    { name: 'too weak', path: '/orders/refunds', claims: { acr: 'pwd', auth_time: secondsAgo(0) } },
    { name: 'too old', path: '/orders/refunds', claims: { acr: 'mfa', auth_time: secondsAgo(400) } },
    { name: 'too old for the handler', path: '/orders/address', claims: { acr: 'phr', auth_time: secondsAgo(100) } },
    { name: 'too weak for the controller', path: '/vault', claims: { acr: 'pwd', auth_time: secondsAgo(0) } },
    { name: 'strong for the controller and too old', path: '/vault/deep', claims: { acr: 'mfa', auth_time: 1 } },
    {
      name: 'recent for the handler and too weak',
      path: '/vault/deep',
      claims: { acr: 'pwd', auth_time: secondsAgo(0) },
    },
  ])('refuses a sign-in that is $name', async ({ path, claims }) => {
    const answer = await get(path, 'cashier', claims);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'SP_STEP_UP_REQUIRED' });
  });

  it('says which sign-in would be enough, in the words of RFC 9470 and in the body', async () => {
    const answer = await get('/orders/refunds', 'cashier', { acr: 'pwd', auth_time: secondsAgo(0) });
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="sallyport", error="insufficient_user_authentication", acr_values="mfa", max_age=300',
    );
    expect(await answer.json()).toMatchObject({ stepUp: { acr: 'mfa', maxAgeSeconds: 300 } });
  });

  it('refuses who lacks the permission as such, and does not send them to step up', async () => {
    const answer = await get('/orders/refunds', 'user', { acr: 'pwd', auth_time: secondsAgo(400) });
    expect(answer.status).toBe(403);
  });

  it.each([
    { path: '/orders/refunds', claims: { acr: 'mfa', auth_time: secondsAgo(200) } },
    { path: '/orders/address', claims: { acr: 'pwd', auth_time: secondsAgo(10) } },
    { path: '/vault', claims: { acr: 'phr', auth_time: 1 } },
    { path: '/vault/deep', claims: { acr: 'mfa', auth_time: secondsAgo(10) } },
  ])('serves $path to a sign-in that is strong and recent enough', async ({ path, claims }) => {
    expect((await get(path, 'cashier', claims)).status).toBe(200);
  });
});

describe('the start', () => {
  it('fails where a step-up stands alone: it says nothing about who may call', async () => {
    @Controller('alone')
    class AloneController {
      @Get()
      @StepUp({ acr: 'mfa' })
      look(): void {}
    }
    await expect(startWith([AloneController])).rejects.toThrow('AloneController.look (HTTP) declares no access');
  });

  it('fails where a step-up asks for nothing, or for an age that cannot be', async () => {
    @Controller('empty')
    @Authenticated()
    class EmptyController {
      @Get('nothing')
      @StepUp({})
      nothing(): void {}

      @Get('age')
      @StepUp({ maxAgeSeconds: 0 })
      age(): void {}
    }
    const start = startWith([EmptyController]);
    await expect(start).rejects.toThrow('@StepUp on the handler asks for nothing');
    await expect(start).rejects.toThrow('@StepUp on the handler needs a whole number of seconds above 0');
  });

  it('fails on a handler that is public and asks for a step-up at once', async () => {
    @Controller('torn')
    class TornController {
      @Get()
      @Public('a mistake')
      @StepUp({ acr: 'mfa' })
      look(): void {}
    }
    await expect(startWith([TornController])).rejects.toThrow('@Public and guarded at once');
  });
});

async function startWith(controllers: Type[]): Promise<INestApplication> {
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() })],
    controllers,
  };
  const app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  return app;
}
