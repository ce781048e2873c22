import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import {
  Controller,
  Delete,
  Get,
  Module,
  Post,
  RequestMethod,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { NestFactory, RouterModule } from '@nestjs/core';
import { Query, Resolver } from '@nestjs/graphql';
import { MessagePattern } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { INestApplication } from '@nestjs/common';
import { expect, it } from 'vitest';
import { CheckPolicies } from '../policy/check-policies.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { Accepts, GuardedElsewhere, Permissions, Public, Roles, ServiceOnly, StepUp } from './declare-access.ts';
import { listServiceRoutes, readServiceRoutes } from './route-table.ts';

const issuer = createTestIssuer();
const made: string[] = [];

@Controller({ path: ['orders', 'v2/orders'] })
@Roles('clerk', 'admin')
class OrdersController {
  constructor() {
    made.push('OrdersController');
  }

  @Get(':id')
  find(): void {}

  @Delete(':id')
  @Permissions('order:delete')
  @StepUp({ acr: 'mfa' })
  @Accepts('session')
  remove(): void {}

  @Post('hook')
  @GuardedElsewhere('by the signature of the sender')
  hook(): void {}
}

@Controller()
@ServiceOnly()
class OrderMessages {
  @MessagePattern({ cmd: 'order' })
  read(_data: unknown): void {}
}

@Resolver()
class OrderResolver {
  @Query(() => String)
  @Public('a list for everyone')
  orders(): void {}
}

@WebSocketGateway()
@Permissions({ any: ['order:read', 'report:read'] })
class OrderGateway {
  @SubscribeMessage('watch')
  watch(): void {}
}

@Module({
  imports: [
    SallyportModule.forRootAsync({
      useFactory: () => {
        made.push('options');
        return { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() };
      },
    }),
  ],
  controllers: [OrdersController, OrderMessages],
  providers: [OrderResolver, OrderGateway],
})
class AppModule {}

it('the handlers of a service are listed with their access, and nothing of the service is made for it', async () => {
  const routes = await readServiceRoutes(AppModule);
  expect(made).toEqual([]);
  expect(routes.map(({ transport, route, handler, access }) => [transport, route, handler, access])).toEqual([
    ['GraphQL', 'query orders', 'OrderResolver.orders', 'public'],
    ['HTTP', 'DELETE /orders/:id', 'OrdersController.remove', 'guarded'],
    ['HTTP', 'GET /orders/:id', 'OrdersController.find', 'guarded'],
    ['HTTP', 'POST /orders/hook', 'OrdersController.hook', 'elsewhere'],
    ['HTTP', 'DELETE /v2/orders/:id', 'OrdersController.remove', 'guarded'],
    ['HTTP', 'GET /v2/orders/:id', 'OrdersController.find', 'guarded'],
    ['HTTP', 'POST /v2/orders/hook', 'OrdersController.hook', 'elsewhere'],
    ['WebSocket', 'watch', 'OrderGateway.watch', 'guarded'],
    ['microservice', '{"cmd":"order"}', 'OrderMessages.read', 'guarded'],
  ]);
  expect(routes.find(({ route }) => route === 'DELETE /orders/:id')).toEqual({
    transport: 'HTTP',
    route: 'DELETE /orders/:id',
    handler: 'OrdersController.remove',
    access: 'guarded',
    roles: [['clerk', 'admin']],
    permissions: ['order:delete'],
    anyPermission: [],
    inOrganization: false,
    orgRoles: [],
    isForServices: false,
    accepts: ['session'],
    stepUp: { acr: 'mfa' },
  });
  expect(routes.at(-1)).toMatchObject({ isForServices: true });
  expect(routes.at(-2)).toMatchObject({ anyPermission: [['order:read', 'report:read']] });
});

it('the handlers of an application have the prefix that it sets', async () => {
  const app = await NestFactory.create<INestApplication>(AppModule, new ExpressAdapter(), { logger: false });
  app.setGlobalPrefix('api/shop');
  expect(listServiceRoutes(app).find(({ transport }) => transport === 'HTTP')?.route).toBe(
    'DELETE /api/shop/orders/:id',
  );
  await app.close();
  const given = await readServiceRoutes(AppModule, { globalPrefix: '/api/shop' });
  expect(given.find(({ transport }) => transport === 'HTTP')?.route).toBe('DELETE /api/shop/orders/:id');
});

it('the handlers of an application have the paths of versions, of modules, and of what is left out of the prefix', async () => {
  @Controller({ path: 'bills', version: ['2', VERSION_NEUTRAL] })
  @Public('a test')
  class BillsController {
    @Get()
    list(): void {}

    @Get('old')
    @Version('1')
    old(): void {}

    @Post('hook')
    hook(): void {}
  }
  @Module({ controllers: [BillsController] })
  class BillsModule {}
  @Module({ imports: [BillsModule, RouterModule.register([{ path: 'billing', module: BillsModule }])] })
  class VersionedModule {}
  const app = await NestFactory.create<INestApplication>(VersionedModule, new ExpressAdapter(), { logger: false });
  app.setGlobalPrefix('api', { exclude: [{ path: 'billing/bills/hook', method: RequestMethod.POST }] });
  app.enableVersioning({ type: VersioningType.URI });
  const routes = listServiceRoutes(app).map(({ route }) => route);
  expect(routes).toEqual([
    'GET /api/billing/bills',
    'GET /api/v1/billing/bills/old',
    'GET /api/v2/billing/bills',
    'POST /billing/bills/hook',
    'POST /v2/billing/bills/hook',
  ]);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ');
    expect([route, (await fetch(`http://127.0.0.1:${port}${path}`, { method })).ok]).toEqual([route, true]);
  }
  await app.close();
});

it('a handler has what the policy is asked, also of its controller', async () => {
  @Controller('records')
  @CheckPolicies('read', 'Order')
  class RecordsController {
    @Delete(':id')
    @CheckPolicies('delete', 'Order', { load: () => undefined })
    remove(): void {}
  }
  @Module({ controllers: [RecordsController] })
  class RecordsModule {}
  expect(await readServiceRoutes(RecordsModule)).toMatchObject([
    {
      access: 'guarded',
      policies: [
        { action: 'read', type: 'Order' },
        { action: 'delete', type: 'Order' },
      ],
    },
  ]);
});

it('a handler without access is listed, where the start would fail', async () => {
  @Controller('bare')
  class BareController {
    @Get()
    read(): void {}
  }
  @Module({ controllers: [BareController] })
  class BareModule {}
  expect(await readServiceRoutes(BareModule)).toMatchObject([{ route: 'GET /bare', access: 'undeclared' }]);
});
