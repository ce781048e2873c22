import { EventEmitter, on } from 'node:events';
import { SallyportError, type Caller, type Principal } from '@sallyport/core';
import { ConflictException } from '@nestjs/common';
import {
  Args,
  Field,
  Int,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { GraphQLError } from 'graphql';
import { Authenticated, Permissions, Public, Roles, StepUp } from '../access/declare-access.ts';
import { CurrentPrincipal } from '../request-caller.ts';

/** What reached a resolver: a refusal must never get that far. */
export const handled: string[] = [];

/** New products. */
export const products = new EventEmitter();

@ObjectType()
export class Product {
  @Field(() => String)
  id!: string;

  @Field(() => String)
  name!: string;
}

const table: Product = { id: '1', name: 'Table' };

@Resolver(() => Product)
export class ProductsResolver {
  @Query(() => [Product])
  @Public('the catalogue is open')
  products(): readonly Product[] {
    handled.push('products');
    return [table];
  }

  @Query(() => Product, { nullable: true })
  @Permissions('product:read')
  product(@Args('id', { type: () => String }) id: string): Product {
    handled.push('product');
    return { ...table, id };
  }

  @Query(() => String, { nullable: true })
  @Authenticated()
  me(@CurrentPrincipal() principal: Principal): string {
    handled.push('me');
    return principal.id;
  }

  @Query(() => String)
  @Public('tells anyone who they are')
  whoami(@CurrentPrincipal() caller: Caller): string {
    return caller.kind === 'anonymous' ? 'anonymous' : caller.id;
  }

  @Mutation(() => Product, { nullable: true })
  @Permissions('product:create')
  createProduct(@Args('name', { type: () => String }) name: string): Product {
    handled.push('createProduct');
    const product = { id: '2', name };
    products.emit('added', product);
    return product;
  }

  @Mutation(() => Boolean, { nullable: true })
  @Authenticated()
  @StepUp({ acr: 'mfa' })
  dropProducts(): boolean {
    handled.push('dropProducts');
    return true;
  }

  @ResolveField(() => Int, { nullable: true })
  @Roles('vendor')
  margin(@Parent() product: Product, @CurrentPrincipal() principal: Principal): number {
    handled.push(`margin of ${product.id} for ${principal.id}`);
    return 40;
  }

  @ResolveField(() => Int)
  @Public('shown in the catalogue')
  stock(): number {
    return 7;
  }

  @Query(() => String, { nullable: true })
  @Public('errors are the subject here')
  fails(@Args('how', { type: () => String }) how: string): string {
    if (how === 'conflict') throw new ConflictException({ code: 'ORDER_ALREADY_PAID', message: 'Paid before' });
    if (how === 'graphql') throw new GraphQLError('Sold out', { extensions: { code: 'SOLD_OUT' } });
    if (how === 'forbidden') throw new SallyportError('SP_FORBIDDEN', { reason: 'not-the-owner' });
    throw new Error('the password of the database is canary-hunter2');
  }

  @Subscription(() => Product)
  @Permissions('product:read')
  productAdded(): AsyncIterableIterator<{ readonly productAdded: Product }> {
    handled.push('productAdded');
    return addedProducts('productAdded');
  }
}

@Resolver()
export class OpenSubscriptionResolver {
  @Subscription(() => String)
  @Public('everyone hears of new products')
  newsFor(@CurrentPrincipal() caller: Caller): AsyncIterableIterator<object> {
    handled.push(`newsFor ${caller.kind}`);
    return addedProducts('newsFor', ({ name }) => name);
  }
}

function addedProducts<Result>(
  field: string,
  toResult: (product: Product) => unknown = (product) => product,
): AsyncIterableIterator<Result> {
  // One product per event. Not a generator, whose `return` would wait for the next event.
  const added = on(products, 'added') as AsyncIterableIterator<[Product]>;
  const iterator: AsyncIterableIterator<Result> = {
    next: async () => {
      const event = await added.next();
      if (event.done === true) return { done: true, value: undefined };
      return { value: { [field]: toResult(event.value[0]) } as Result };
    },
    return: async () => {
      await added.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
