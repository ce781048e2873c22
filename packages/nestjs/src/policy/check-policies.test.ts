import type { Caller, Principal } from '@sallyport/core';
import { Body, Controller, Delete, Get, Inject, Patch, Post, type INestApplication } from '@nestjs/common';
import type { AccessFilter } from '@sallyport/policy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OptionalAuth, Permissions } from '../access/declare-access.ts';
import { Audited } from '../audit/audited.ts';
import { CurrentPrincipal } from '../request-caller.ts';
import { AccessConditions } from './access-conditions.ts';
import { CheckedRecord } from './checked-record.ts';
import { CheckPolicies } from './check-policies.ts';
import { toPolicyCall } from './policy-call.ts';
import { loadFrom } from './policy-check.ts';
import {
  audit,
  createService,
  entries,
  forgetSeen,
  issuer,
  lines,
  ProductStore,
  seen,
  urlOf,
  type Product,
} from './policy-service.test-support.ts';
import { SallyportAccess } from './sallyport-access.ts';

const load = loadFrom(ProductStore, (products, call) => products.find(call.text('id')));

@Controller('products')
class ProductsController {
  readonly #products: ProductStore;
  readonly #access: SallyportAccess;

  constructor(@Inject(ProductStore) products: ProductStore, @Inject(SallyportAccess) access: SallyportAccess) {
    this.#products = products;
    this.#access = access;
  }

  @Get()
  @OptionalAuth()
  @CheckPolicies('read', 'Product')
  list(@AccessConditions('read', 'Product') readable: AccessFilter): readonly string[] {
    return this.#products.list(readable).map(({ id }) => id);
  }

  @Get(':id')
  @OptionalAuth()
  @CheckPolicies('read', 'Product', { load, onDeny: 404 })
  find(@CheckedRecord('Product') product: Product): string {
    seen.handled.push(product.id);
    return product.name;
  }

  @Post()
  @CheckPolicies('create', 'Product', { load: ({ body }) => body as Product })
  create(): string {
    seen.handled.push('create');
    return 'created';
  }

  @Patch(':id')
  @Permissions({ any: ['product:update', 'product:any'] })
  @CheckPolicies('update', 'Product', { load })
  update(
    @CheckedRecord('Product') product: Product,
    @Body() change: Partial<Product>,
    @CurrentPrincipal() caller: Principal,
  ): string {
    this.#access.assertWrite(caller, 'update', 'Product', product, { ...product, ...change });
    seen.handled.push(product.id);
    return 'changed';
  }

  @Delete(':id')
  @CheckPolicies('delete', 'Product', { load })
  @Audited('product.deleted')
  remove(): string {
    seen.handled.push('delete');
    return 'deleted';
  }
}

@Controller('partial')
class PartialController {
  @Delete()
  @CheckPolicies('delete', 'Product', { load: () => ({ id: 'oven', vendorId: 'vendor-1' }) })
  remove(): string {
    seen.handled.push('partial');
    return 'deleted';
  }
}

@Controller('reports')
@CheckPolicies('read', 'Report')
class ReportsController {
  @Get()
  @CheckPolicies('read', 'Product', { load: loadFrom(ProductStore, (products) => products.find('lamp')) })
  read(): string {
    return 'report';
  }
}

@Controller('open')
@OptionalAuth()
@CheckPolicies('read', 'Product', { load: loadFrom(ProductStore, (products, call) => products.find(call.text('id'))) })
class OpenController {
  @Get(':id')
  show(@CheckedRecord('Product') product: Product, @CurrentPrincipal() caller: Caller): string {
    return `${product.name} for ${caller.kind}`;
  }

  @Get(':id/costs')
  @Permissions('product:any')
  costs(@CheckedRecord('Product') product: Product): string {
    return String(product.costCents);
  }

  @Get(':id/reviews')
  @CheckPolicies('publish', 'Product', { load })
  reviews(): string {
    return 'reviews';
  }
}

describe.each(['Express', 'Fastify'] as const)('a handler with @CheckPolicies on %s', (platform) => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await createService(
      { controllers: [ProductsController, PartialController, ReportsController, OpenController] },
      platform,
    );
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());
  beforeEach(forgetSeen);

  const send = (method: string, path: string, role?: string, body?: unknown): Promise<Response> =>
    fetch(urlOf(app) + path, {
      method,
      headers: {
        'x-request-id': 'request-1',
        ...(role === undefined ? {} : { authorization: `Bearer ${issuer.tokenFor(role)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it.each([
    { path: 'lamp', status: 200 },
    // A draft: no rule allows it, and to sign in may help.
    { path: 'desk', status: 401 },
    { path: 'none', status: 404 },
    { path: 'desk', role: 'user', status: 403 },
    { path: 'desk', role: 'admin', status: 200 },
    // What a handler asks for beside it is asked of known callers.
    { path: 'lamp/costs', status: 401 },
    { path: 'lamp/costs', role: 'user', status: 403 },
    { path: 'lamp/costs', role: 'admin', status: 200 },
    { path: 'lamp/reviews', status: 401 },
    { path: 'lamp/reviews', role: 'admin', status: 200 },
  ])('of a class that is open answers $status at $path to $role', async ({ path, role, status }) => {
    expect((await send('GET', `/open/${path}`, role)).status).toBe(status);
  });

  it.each([
    {
      name: 'a vendor the product of another',
      call: ['PATCH', '/products/sofa', 'vendor', {}],
      code: 'SP_POLICY_DENIED',
    },
    { name: 'a user who holds no permission', call: ['PATCH', '/products/lamp', 'user', {}], code: 'SP_FORBIDDEN' },
    { name: 'a user who may delete nothing', call: ['DELETE', '/products/lamp', 'user'], code: 'SP_POLICY_DENIED' },
    { name: 'a vendor what is frozen', call: ['DELETE', '/products/oven', 'vendor'], code: 'SP_POLICY_DENIED' },
    { name: 'an administrator what is frozen', call: ['DELETE', '/products/oven', 'admin'], code: 'SP_POLICY_DENIED' },
    { name: 'a stranger at a guarded handler', call: ['DELETE', '/products/lamp'], code: 'SP_UNAUTHENTICATED' },
    { name: 'a stranger a draft', call: ['GET', '/products/desk'], code: 'SP_NOT_FOUND' },
    { name: 'a vendor the draft of another', call: ['GET', '/products/safe', 'vendor'], code: 'SP_NOT_FOUND' },
    { name: 'everyone what is not there', call: ['GET', '/products/none', 'admin'], code: 'SP_NOT_FOUND' },
    {
      name: 'a vendor a product in the name of another',
      call: ['POST', '/products', 'vendor', { id: 'new', vendorId: 'vendor-2' }],
      code: 'SP_POLICY_DENIED',
    },
    {
      name: 'a vendor a product without an owner',
      call: ['POST', '/products', 'vendor', { id: 'new' }],
      code: 'SP_POLICY_DENIED',
    },
    {
      name: 'a body that holds no record',
      call: ['POST', '/products', 'vendor', { product: { vendorId: 'vendor-1' } }],
      code: 'SP_REQUEST_INVALID',
    },
    {
      name: 'a list in the place of a record',
      call: ['POST', '/products', 'vendor', [{}]],
      code: 'SP_REQUEST_INVALID',
    },
    { name: 'a stranger, where a controller asks', call: ['GET', '/reports'], code: 'SP_UNAUTHENTICATED' },
  ] as const)('refuses $name', async ({ call: [method, path, role, body], code }) => {
    const answer = await send(method, path, role, body);
    expect(await answer.json()).toMatchObject({ code, requestId: 'request-1' });
    expect(seen.handled).toEqual([]);
  });

  it('says to the caller what is for users, and to the log what is for administrators', async () => {
    const answer = await send('DELETE', '/products/oven', 'vendor');
    const body = await answer.text();
    expect([answer.status, JSON.parse(body)]).toMatchObject([
      403,
      { code: 'SP_POLICY_DENIED', detail: 'This product is under review.' },
    ]);
    expect(body).not.toMatch(/canary|frozen/);
    expect(lines).toMatchObject([
      {
        event: 'request-refused',
        status: 403,
        code: 'SP_POLICY_DENIED',
        reason: 'product-is-frozen',
        subject: 'vendor-1',
        policyAction: 'delete',
        policyType: 'Product',
        policyRecord: 'oven',
        policyRule: 4,
        explanation: expect.stringContaining('canary-administrator: unfreeze it first.') as string,
      },
    ]);
  });

  it('shows no difference between a record that is hidden and one that is not there', async () => {
    const [hidden, missing] = await Promise.all(['safe', 'none'].map((id) => send('GET', `/products/${id}`, 'vendor')));
    expect(await hidden?.text()).toBe(await missing?.text());
    expect([hidden?.status, missing?.status]).toEqual([404, 404]);
    // The log knows.
    expect(lines.map(({ reason }) => String(reason)).toSorted()).toEqual(['no-rule-allows', 'record-not-found']);
  });

  it('is not answered by a record that was loaded in part, whose status a rule looks at', async () => {
    const answer = await send('DELETE', '/partial', 'vendor');
    expect([answer.status, await answer.json()]).toMatchObject([500, { code: 'SP_INTERNAL' }]);
    expect(lines[0]?.['stack']).toContain('Product: status of the record is missing');
    expect(seen.handled).toEqual([]);
  });

  it('loads nothing for a caller who may do this with no record', async () => {
    expect((await send('DELETE', '/products/lamp', 'user')).status).toBe(403);
    expect((await send('DELETE', '/products/none', 'user')).status).toBe(403);
    expect(seen.loaded).toEqual([]);
  });

  it('loads a record once, and gives it to the handler', async () => {
    expect(await (await send('GET', '/products/lamp', 'vendor')).text()).toBe('Lamp');
    expect([seen.loaded, seen.handled]).toEqual([['lamp'], ['lamp']]);
  });

  it('asks what its controller asks for as well', async () => {
    expect(await (await send('GET', '/reports', 'user')).text()).toBe('report');
    expect(seen.loaded).toEqual(['lamp']);
  });

  it('lists what each caller may read', async () => {
    const list = async (role?: string): Promise<unknown> => (await send('GET', '/products', role)).json();
    expect(await list()).toEqual(['lamp', 'sofa']);
    expect(await list('vendor')).toEqual(['desk', 'lamp', 'oven', 'sofa']);
    expect(await list('admin')).toEqual(['desk', 'lamp', 'oven', 'safe', 'sofa']);
  });

  it('refuses a write that changes what is not to be changed, by the name of the field', async () => {
    expect((await send('PATCH', '/products/lamp', 'vendor', { name: 'Light' })).status).toBe(200);
    const answer = await send('PATCH', '/products/lamp', 'vendor', { vendorId: 'vendor-2' });
    // With another owner it would no longer be theirs; an administrator meets the rule about the field.
    expect([answer.status, (await answer.json()) as object]).toMatchObject([403, { code: 'SP_POLICY_DENIED' }]);
    const other = await send('PATCH', '/products/lamp', 'admin', { vendorId: 'vendor-2' });
    expect([other.status, (await other.json()) as object]).toMatchObject([
      403,
      {
        detail: 'A product stays with its vendor.',
        errors: [{ field: 'vendorId', message: 'is not yours to change' }],
      },
    ]);
    expect(lines.at(-1)).toMatchObject({ reason: 'owner-is-fixed', policyFields: 'vendorId', policyRecord: 'lamp' });
    expect(seen.handled).toEqual(['lamp']);
  });

  it('records the denial of a known caller by the audit port, without the text for administrators', async () => {
    await send('DELETE', '/products/oven', 'vendor');
    await send('PATCH', '/products/sofa', 'vendor', {});
    await send('DELETE', '/products/lamp');
    expect(entries).toMatchObject([
      {
        action: 'product.deleted',
        outcome: 'denied',
        caller: { id: 'vendor-1' },
        handler: 'ProductsController.remove',
        transport: 'http',
        requestId: 'request-1',
        error: 'SP_POLICY_DENIED',
        denial: { action: 'delete', type: 'Product', record: 'oven', reason: 'product-is-frozen', rule: 4 },
      },
      { action: 'Product.update', outcome: 'denied', denial: { record: 'sofa', reason: 'no-rule-allows' } },
    ]);
    expect(JSON.stringify(entries)).not.toContain('canary');
  });

  it('refuses just the same where the audit port is away, and says in the log what is lost', async () => {
    audit.isAway = true;
    expect((await send('DELETE', '/products/oven', 'vendor')).status).toBe(403);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'audit-entry-lost', outcome: 'denied' }));
  });
});

describe('a text of the call', () => {
  it.each([
    { name: 'an object', params: { id: { $ne: null } } },
    { name: 'a list', params: { id: ['lamp'] } },
    { name: 'nothing', params: {} },
    { name: 'what an object inherits', params: Object.create({ id: 'lamp' }) as object },
  ])('is refused where there is $name in its place', ({ params }) => {
    const context = { getType: () => 'rpc', getArgs: () => [params, {}], getArgByIndex: () => params };
    expect(() => toPolicyCall(context as never).text('id')).toThrow(
      expect.objectContaining({ code: 'SP_REQUEST_INVALID' }),
    );
  });
});
