import type { INestApplication } from '@nestjs/common';
import {
  Args,
  Field,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import type { AccessFilter } from '@sallyport/policy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authenticated, OptionalAuth, Public } from '../access/declare-access.ts';
import { ask, issuer, lines, startGraphqlService, whyNotStarted } from '../graphql/graphql-service.test-support.ts';
import { AccessConditions } from './access-conditions.ts';
import { CheckPolicies } from './check-policies.ts';
import { MaskFields } from './mask-fields.ts';
import { policy, table } from './policy-service.test-support.ts';

const handled: string[] = [];
const find = (id: string) => table.find((product) => product.id === id);

@ObjectType()
class Product {
  @Field(() => String)
  id!: string;

  @Field(() => Number, { nullable: true })
  costCents!: number;
}

@Resolver(() => Product)
class ProductsResolver {
  @Query(() => [Product])
  @OptionalAuth()
  @CheckPolicies('read', 'Product')
  @MaskFields('read', 'Product')
  products(@AccessConditions('read', 'Product') readable: AccessFilter): readonly object[] {
    return table.filter((product) => readable.matches(product));
  }

  @Mutation(() => Boolean, { nullable: true })
  @CheckPolicies('delete', 'Product', { load: (call) => find(call.text('id')) })
  remove(@Args('id', { type: () => String }) id: string): boolean {
    handled.push(id);
    return true;
  }

  @ResolveField(() => String, { nullable: true })
  @CheckPolicies('update', 'Product', { load: ({ context }) => context.getArgByIndex<object>(0) })
  note(@Parent() product: Product): string {
    handled.push(`note of ${product.id}`);
    return 'a note';
  }
}

const vendor = () => issuer.tokenFor('vendor', { scope: 'product:update' });

describe.each(['Apollo', 'Mercurius'] as const)('a resolver that asks the policy, with %s', (driver) => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await startGraphqlService(driver, { resolvers: [ProductsResolver], access: { keys: issuer.jwks(), policy } });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    for (const list of [handled, lines]) list.length = 0;
  });

  it.each([
    { name: 'of a stranger', id: 'lamp', token: undefined, code: 'UNAUTHENTICATED' },
    { name: 'of a user who may not', id: 'lamp', token: () => issuer.tokenFor('user'), code: 'FORBIDDEN' },
    { name: 'of a vendor on the product of another', id: 'sofa', token: vendor, code: 'FORBIDDEN' },
    { name: 'of what is not there', id: 'none', token: vendor, code: 'NOT_FOUND' },
  ])('refuses the mutation $name', async ({ id, token, code }) => {
    const { data, errors } = await ask(app, `mutation { remove(id: "${id}") }`, token?.());
    expect([data, errors?.[0]?.extensions?.code]).toEqual([{ remove: null }, code]);
    expect(handled).toEqual([]);
  });

  it('tells the text for users', async () => {
    const { errors } = await ask(app, 'mutation { remove(id: "oven") }', vendor());
    expect(errors?.[0]?.extensions?.problem).toMatchObject({
      code: 'SP_POLICY_DENIED',
      detail: 'This product is under review.',
    });
    expect(JSON.stringify(errors)).not.toContain('canary');
    expect(lines).toContainEqual(expect.objectContaining({ policyRecord: 'oven', reason: 'product-is-frozen' }));
  });

  it('judges each record of one query by itself', async () => {
    const query = 'mutation { a: remove(id: "lamp") b: remove(id: "sofa") c: remove(id: "desk") }';
    expect((await ask(app, query, vendor())).data).toEqual({ a: true, b: null, c: true });
    expect(handled).toEqual(['lamp', 'desk']);
  });

  it('filters and masks', async () => {
    const query = '{ products { id costCents } }';
    expect((await ask(app, query)).data).toEqual({
      products: [
        { id: 'lamp', costCents: null },
        { id: 'sofa', costCents: null },
      ],
    });
    expect((await ask(app, query, vendor())).data?.['products']).toContainEqual({ id: 'desk', costCents: 9000 });
  });

  it('refuses a field for itself, of what its object holds after it was masked', async () => {
    const { data } = await ask(app, '{ products { id note } }', vendor());
    expect(data).toMatchObject({ products: expect.arrayContaining([{ id: 'lamp', note: 'a note' }]) as unknown });
    // Of the sofa the vendor was not shown whose it is, so that nothing says that it is theirs.
    expect(data).toMatchObject({ products: expect.arrayContaining([{ id: 'sofa', note: null }]) as unknown });
  });
});

describe('the start fails on a resolver', () => {
  it('whose events no interceptor sees', async () => {
    @Resolver()
    class EventsResolver {
      @Query(() => String)
      @Public('a field that a schema needs')
      any(): string {
        return '';
      }

      @Subscription(() => Product)
      @Authenticated()
      @MaskFields('read', 'Product')
      productAdded(): object {
        return {};
      }
    }
    const why = await whyNotStarted('Apollo', { resolvers: [EventsResolver], access: { keys: issuer.jwks(), policy } });
    expect(why).toContain('EventsResolver.productAdded: @MaskFields does not see the events of a subscription');
  });

  it('of a field on which Nest runs no interceptor, or no guard', async () => {
    @Resolver(() => Product)
    class FieldsResolver extends ProductsResolver {
      @ResolveField(() => Product, { nullable: true })
      @Public('shown in the catalogue')
      @MaskFields('read', 'Product')
      twin(): object {
        return {};
      }
    }
    const access = { keys: issuer.jwks(), policy };
    const guards = await whyNotStarted('Apollo', { resolvers: [FieldsResolver], access });
    expect(guards).toContain('FieldsResolver.twin (field) has @MaskFields, and Nest runs no interceptor on fields');
    const none = await whyNotStarted('Apollo', {
      resolvers: [ProductsResolver],
      access,
      graphql: (good) => ({ ...good, fieldResolverEnhancers: [] }),
    });
    expect(none).toContain('ProductsResolver.note (field) declares access');
  });
});
