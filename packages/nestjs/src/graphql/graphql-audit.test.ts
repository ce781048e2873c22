import { Field, ObjectType, Query, ResolveField, ResolveReference, Resolver, Subscription } from '@nestjs/graphql';
import type { Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Authenticated, Public, Roles } from '../access/declare-access.ts';
import { whyNotStarted, type GraphqlServiceOptions } from './graphql-service.test-support.ts';
import { ProductsResolver } from './products-resolver.test-support.ts';

@ObjectType()
class Order {
  @Field(() => String)
  id!: string;
}

@Resolver(() => Order)
class OrdersResolver {
  @Query(() => [Order])
  @Authenticated()
  orders(): readonly Order[] {
    return [];
  }
}

const without = (...names: readonly string[]): GraphqlServiceOptions['graphql'] => {
  return (good) => Object.fromEntries(Object.entries(good).filter(([name]) => !names.includes(name)));
};

describe.each(['Apollo', 'Mercurius'] as const)('the start with %s', (driver) => {
  const why = (resolver: Type, graphql?: GraphqlServiceOptions['graphql']): Promise<string> =>
    whyNotStarted(driver, { resolvers: [resolver], ...(graphql === undefined ? {} : { graphql }) });

  it('succeeds when resolvers are declared and fields are guarded', async () => {
    expect(await why(ProductsResolver)).toBe('');
  });

  it('fails on a query, a mutation, a subscription or a field that declares nothing', async () => {
    @Resolver(() => Order)
    class BareResolver {
      @Query(() => String)
      bare(): string {
        return '';
      }

      @Subscription(() => String)
      bareNews(): never {
        throw new Error('not reached');
      }

      @ResolveField(() => String)
      bareField(): string {
        return '';
      }

      @ResolveReference()
      bareReference(): object {
        return {};
      }
    }
    const message = await why(BareResolver);
    for (const method of ['bare', 'bareNews', 'bareField', 'bareReference'])
      expect(message).toContain(`BareResolver.${method} (GraphQL) declares no access`);
    expect(message).toContain('fieldResolverEnhancers');
  });

  it('fails on the methods of a class that resolves queries as a whole', async () => {
    @Resolver('Query')
    class QueriesResolver {
      unmarked(): string {
        return '';
      }
    }
    expect(await why(QueriesResolver)).toContain('QueriesResolver.unmarked (GraphQL) declares no access');
  });

  it('fails on a declared field where Nest would run no guard on it, and names the cure', async () => {
    const message = await why(ProductsResolver, without('fieldResolverEnhancers'));
    expect(message).toContain('ProductsResolver.margin (field) declares access');
    expect(message).toContain("fieldResolverEnhancers: ['guards']");
    expect(message).not.toContain('ProductsResolver.stock');
    expect(message).not.toContain('ProductsResolver.product ');
  });

  it('fails on a field that is guarded by its class alone', async () => {
    @Resolver(() => Order)
    @Roles('admin')
    class AdminOrdersResolver {
      @Query(() => [Order])
      allOrders(): readonly Order[] {
        return [];
      }

      @ResolveField(() => String)
      total(): string {
        return '';
      }
    }
    const message = await why(AdminOrdersResolver, (good) => ({ ...good, fieldResolverEnhancers: ['filters'] }));
    expect(message).toContain('AdminOrdersResolver.total (field)');
  });

  it('needs no guard on fields that are public', async () => {
    @Resolver(() => Order)
    class OpenOrdersResolver {
      @Query(() => [Order])
      @Authenticated()
      openOrders(): readonly Order[] {
        return [];
      }

      @ResolveField(() => String)
      @Public('shown in the catalogue')
      title(): string {
        return '';
      }
    }
    expect(await why(OpenOrdersResolver, without('fieldResolverEnhancers'))).toBe('');
  });

  it('fails where nothing verifies who opens a WebSocket', async () => {
    const message = await why(OrdersResolver, (good) => ({
      ...good,
      subscriptions: { 'graphql-ws': { onConnect: () => true } },
      subscription: { onConnect: () => true },
    }));
    expect(message).toContain('nothing verifies who opens a WebSocket');
    expect(message).toContain('SallyportSubscriptions');
    const legacy = await why(OrdersResolver, (good) => ({
      ...good,
      subscriptions: undefined,
      installSubscriptionHandlers: true,
      subscription: true,
    }));
    expect(legacy).toContain('nothing verifies who opens a WebSocket');
  });

  it('needs no such thing where there are no WebSockets', async () => {
    expect(await why(OrdersResolver, without('subscriptions', 'subscription'))).toBe('');
  });

  it('fails on a context that all requests share', async () => {
    const message = await why(OrdersResolver, (good) => ({ ...good, context: { locale: 'en' } }));
    expect(message).toContain('context is one object');
  });
});
