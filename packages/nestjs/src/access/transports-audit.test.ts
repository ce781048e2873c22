import { setTimeout as delay } from 'node:timers/promises';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, Injectable, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Args, Mutation, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { EventPattern, GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import { SallyportModule } from '../sallyport-module.ts';
import { Authenticated, GuardedElsewhere, Public, Roles } from './declare-access.ts';

const issuer = createTestIssuer();

interface Parts {
  readonly controllers?: readonly Type[];
  readonly providers?: readonly (Type | { provide: unknown; useFactory: () => unknown })[];
}

/** Builds an application and resolves to why that failed; to the empty text when it did not. Nothing listens. */
async function whyNotBuilt({ controllers = [], providers = [] }: Parts): Promise<string> {
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() })],
    controllers: [...controllers],
    providers: [...providers] as Type[],
  };
  try {
    const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
    await app.close();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

@Controller('orders')
class OrdersController {
  @Get()
  list(): void {}
}

@Controller()
class OrderMessages {
  @MessagePattern('order.read')
  read(_data: unknown): void {}

  @EventPattern('order.paid')
  paid(_data: unknown): void {}

  @GrpcMethod('Orders', 'Find')
  find(): void {}
}

@Resolver('Order')
class OrderResolver {
  @Query(() => String)
  order(): void {}

  @Mutation(() => String)
  refund(@Args('id') _id: string): void {}

  @Subscription(() => String)
  paid(): void {}

  @ResolveField(() => String)
  total(@Parent() _order: unknown): void {}
}

@WebSocketGateway()
class OrderGateway {
  @SubscribeMessage('watch')
  watch(): void {}
}

describe('the start', () => {
  it.each([
    {
      transport: 'HTTP',
      parts: { controllers: [OrdersController] },
      names: ['OrdersController.list'],
      cure: 'libraryControllers',
    },
    {
      transport: 'microservice',
      parts: { controllers: [OrderMessages] },
      names: ['OrderMessages.read', 'OrderMessages.paid', 'OrderMessages.find'],
      cure: 'inheritAppConfig',
    },
    {
      transport: 'GraphQL',
      parts: { providers: [OrderResolver] },
      names: ['OrderResolver.order', 'OrderResolver.refund', 'OrderResolver.paid', 'OrderResolver.total'],
      cure: 'fieldResolverEnhancers',
    },
    {
      transport: 'WebSocket',
      parts: { providers: [OrderGateway] },
      names: ['OrderGateway.watch'],
      cure: 'before the upgrade',
    },
  ])(
    'fails on undeclared handlers of $transport, and tells the cure of that transport',
    async ({ transport, parts, names, cure }) => {
      const why = await whyNotBuilt(parts);
      for (const name of names) expect(why).toContain(`${name} (${transport}) declares no access`);
      expect(why).toContain(cure);
      expect(why).toContain('@GuardedElsewhere(');
    },
  );

  it('tells no cure of a transport that has nothing to cure', async () => {
    const why = await whyNotBuilt({ controllers: [OrdersController] });
    expect(why).not.toMatch(/GraphQL|WebSocket|metadata of the message/);
  });

  it('succeeds where handlers of every transport declare something', async () => {
    @Controller()
    @Roles('admin')
    class Messages {
      @MessagePattern('a')
      guarded(_data: unknown): void {}

      @EventPattern('b')
      @Public('a heartbeat')
      open(_data: unknown): void {}

      @EventPattern('c')
      @GuardedElsewhere('by the signature of the broker')
      elsewhere(_data: unknown): void {}
    }
    @Resolver()
    @Authenticated()
    class Queries {
      @Query(() => String)
      me(): void {}
    }
    @WebSocketGateway()
    @Authenticated()
    class Socket {
      @SubscribeMessage('watch')
      watch(): void {}
    }
    expect(await whyNotBuilt({ controllers: [Messages], providers: [Queries, Socket] })).toBe('');
  });

  it('fails on handlers of an object that a factory makes', async () => {
    @Injectable()
    class Hidden {
      @SubscribeMessage('watch')
      watch(): void {}
    }
    const why = await whyNotBuilt({ providers: [{ provide: 'hidden', useFactory: () => new Hidden() }] });
    expect(why).toContain('Hidden.watch (WebSocket) declares no access');
  });

  it('fails on an object that a factory makes, although another class inherits the same handlers and is declared', async () => {
    abstract class Base {
      @SubscribeMessage('watch')
      watch(): void {}
    }
    @Injectable()
    @Authenticated()
    class Declared extends Base {}
    @Injectable()
    class Undeclared extends Base {}
    // Later than the first look at the classes of the application.
    const made = { provide: 'made', useFactory: () => delay(50).then(() => new Undeclared()) };
    expect(await whyNotBuilt({ providers: [Declared, made] })).toContain(
      'Undeclared.watch (WebSocket) declares no access',
    );
  });

  it('fails where it is not said what guards a handler elsewhere', async () => {
    @Controller()
    class HookController {
      @Get()
      @GuardedElsewhere(' ')
      receive(): void {}
    }
    expect(await whyNotBuilt({ controllers: [HookController] })).toContain(
      '@GuardedElsewhere on the handler needs what guards it',
    );
  });
});
