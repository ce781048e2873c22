import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { issuer, startTestShop, unknownId, type Answer, type TestShop } from '../create-shop.test-support.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

const byOrders = { act: { sub: 'orders', act: { sub: 'shell' } } };
const buyer = (claims: object = byOrders): string => issuer.tokenFor('user', { sub: 'buyer-1', ...claims });

async function product(fields: object = {}): Promise<string> {
  const body = { name: 'A gate', priceCents: 250, stock: 2, ...fields };
  const answer = await shop.call('POST', '/products', { token: issuer.tokenFor('vendor'), body });
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}
const take = (lines: readonly object[], token = buyer(), id = randomUUID()): Promise<Answer> =>
  shop.call('POST', '/holds', { token, body: { id, lines } });
const stockOf = async (id: string): Promise<unknown> =>
  (await shop.call('GET', `/products/${id}`, { token: buyer() })).body['stock'];

describe('stock that an order holds', () => {
  it('is sold at the price and under the name of this moment, to the user for whom orders asks', async () => {
    const productId = await product();
    const id = randomUUID();
    const answer = await take([{ productId, quantity: 2 }], buyer(), id);
    const line = { productId, name: 'A gate', quantity: 2, priceCents: 250, currency: 'EUR', ownerId: 'vendor-1' };
    expect(answer).toMatchObject({ status: 201, body: { id, buyerId: 'buyer-1', lines: [line] } });
    expect(await stockOf(productId)).toBe(0);
    const body = { priceCents: 999 };
    await shop.call('PATCH', `/products/${productId}`, { token: issuer.tokenFor('vendor'), body });
    expect((await take([{ productId, quantity: 1 }], buyer(), id)).body).toEqual(answer.body);
  });

  it.each([
    { name: 'a user without a service', token: () => buyer({}), status: 403 },
    { name: 'a user of the shell', token: () => buyer({ act: { sub: 'shell' } }), status: 403 },
    {
      name: 'a user for whom another service asks',
      token: () => buyer({ act: { sub: 'x', act: { sub: 'orders' } } }),
      status: 403,
    },
    { name: 'a service for itself', token: () => buyer({ sub_type: 'service', ...byOrders }), status: 403 },
    { name: 'a caller who may see no product', token: () => buyer({ scope: '', ...byOrders }), status: 403 },
    { name: 'a stranger', token: () => '', status: 401 },
  ])('is neither taken nor given back for $name', async ({ token, status }) => {
    const productId = await product();
    const held = (await take([{ productId, quantity: 1 }])).body['id'];
    expect((await take([{ productId, quantity: 1 }], token())).status).toBe(status);
    expect((await shop.call('DELETE', `/holds/${String(held)}`, { token: token() })).status).toBe(status);
    expect(await stockOf(productId)).toBe(1);
  });

  it('comes back for its buyer and for an administrator, and for no other user', async () => {
    const productId = await product();
    const id = randomUUID();
    await take([{ productId, quantity: 2 }], buyer(), id);
    const other = issuer.tokenFor('user', { sub: 'buyer-2', ...byOrders });
    await shop.call('DELETE', `/holds/${id}`, { token: other });
    expect((await take([{ productId, quantity: 1 }], other, id)).status).toBe(404);
    expect(await stockOf(productId)).toBe(0);
    const admin = issuer.tokenFor('admin', byOrders);
    expect((await shop.call('DELETE', `/holds/${id}`, { token: admin })).status).toBe(204);
    expect((await shop.call('DELETE', `/holds/${id}`, { token: buyer() })).status).toBe(204);
    expect(await stockOf(productId)).toBe(2);
  });

  it('is sold at the new price where the vendor changes it at that moment', async () => {
    const productId = await product();
    const hold = shop.store.hold.bind(shop.store);
    vi.spyOn(shop.store, 'hold').mockImplementationOnce(async (...words) => {
      const body = { priceCents: 300 };
      await shop.call('PATCH', `/products/${productId}`, { token: issuer.tokenFor('vendor'), body });
      return hold(...words);
    });
    const answer = await take([{ productId, quantity: 2 }]);
    expect(answer).toMatchObject({ status: 201, body: { lines: [{ priceCents: 300 }] } });
  });

  it('is kept for its buyer by the service of orders alone', async () => {
    const productId = await product();
    const { id } = (await take([{ productId, quantity: 1 }])).body;
    const path = `/holds/${String(id)}/confirmation`;
    const confirm = async (token: string) => shop.call('POST', path, { token });
    expect(await confirm(buyer())).toMatchObject({ status: 200, body: { isKept: true } });
    const other = issuer.tokenFor('user', { sub: 'buyer-2', ...byOrders });
    expect(await confirm(other)).toMatchObject({ status: 200, body: { isKept: false } });
    expect(await confirm(issuer.tokenFor('admin', byOrders))).toMatchObject({ body: { isKept: false } });
    expect((await confirm(buyer({}))).status).toBe(403);
    expect((await confirm('')).status).toBe(401);
  });

  it.each([
    { name: 'more than there is', fields: {}, quantity: 3, message: 'Too few are left' },
    { name: 'a draft', fields: { status: 'draft' }, quantity: 1, message: 'It is no longer on sale' },
  ])('is refused for $name, and names the product', async ({ fields, quantity, message }) => {
    const productId = await product(fields);
    const answer = await take([{ productId, quantity }]);
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: productId, message }] } });
  });

  it('is refused where currencies are mixed, and for a product that is not there', async () => {
    const [euro, dollar] = [await product(), await product({ currency: 'USD' })];
    const lines = [euro, dollar].map((productId) => ({ productId, quantity: 1 }));
    expect(await take(lines)).toMatchObject({ status: 422, body: { errors: [{ field: dollar }] } });
    expect(await take([{ productId: unknownId, quantity: 1 }])).toMatchObject({ status: 422 });
    expect([await stockOf(euro), await stockOf(dollar)]).toEqual([2, 2]);
  });

  it.each([
    { name: 'no lines', lines: [] },
    { name: 'nothing of a product', lines: [{ productId: unknownId, quantity: 0 }] },
    { name: 'a negative quantity', lines: [{ productId: unknownId, quantity: -1 }] },
    { name: 'a hundred of a product', lines: [{ productId: unknownId, quantity: 100 }] },
    { name: 'a product twice', lines: [1, 2].map((quantity) => ({ productId: unknownId, quantity })) },
    { name: 'a price', lines: [{ productId: unknownId, quantity: 1, priceCents: 1 }] },
    { name: 'an operator for a product', lines: [{ productId: { $ne: null }, quantity: 1 }] },
  ])('is refused with $name', async ({ lines }) => {
    expect(await take(lines)).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED' } });
  });
});

describe('a draft', () => {
  it('is seen by its owner and by administrators alone, in the list as on its own', async () => {
    const id = await product({ status: 'draft', name: 'A draft' });
    const sees = async (token: string) => {
      const { body } = await shop.call('GET', '/products?pageSize=100', { token });
      const isListed = (body['items'] as readonly { id: string }[]).some((item) => item.id === id);
      return [isListed, (await shop.call('GET', `/products/${id}`, { token })).status];
    };
    expect(await sees(issuer.tokenFor('vendor'))).toEqual([true, 200]);
    expect(await sees(issuer.tokenFor('admin'))).toEqual([true, 200]);
    expect(await sees(issuer.tokenFor('user'))).toEqual([false, 404]);
    const other = issuer.tokenFor('vendor', { sub: 'vendor-2' });
    expect(await sees(other)).toEqual([false, 404]);
    // Not refused, but not found: that it exists is for its owner.
    expect((await shop.call('PATCH', `/products/${id}`, { token: other, body: { stock: 1 } })).status).toBe(404);
  });

  it('is put on sale by its owner, and taken from sale again', async () => {
    const id = await product({ status: 'draft' });
    const token = issuer.tokenFor('vendor');
    const read = async () => (await shop.call('GET', `/products/${id}`, { token: issuer.tokenFor('user') })).status;
    await shop.call('PATCH', `/products/${id}`, { token, body: { status: 'published' } });
    expect(await read()).toBe(200);
    await shop.call('PATCH', `/products/${id}`, { token, body: { status: 'draft' } });
    expect(await read()).toBe(404);
  });

  it('is not among products that are asked for by id, where the caller may not see it', async () => {
    const ids = [await product({ status: 'draft' }), await product()];
    const list = async (token: string) => {
      const { body } = await shop.call('GET', `/products?ids=${ids.join(',')}`, { token });
      return (body['items'] as readonly { id: string }[]).map(({ id }) => id).sort();
    };
    expect(await list(issuer.tokenFor('vendor'))).toEqual(ids.toSorted());
    expect(await list(issuer.tokenFor('user'))).toEqual([ids[1]]);
    expect(await shop.call('GET', '/products?ids=x', { token: issuer.tokenFor('user') })).toMatchObject({
      status: 422,
    });
  });

  it('stands in the list of the own products, which holds those of no other vendor', async () => {
    const vendor = `vendor-${randomUUID()}`;
    const token = issuer.tokenFor('vendor', { sub: vendor });
    const own = await shop.call('POST', '/products', { token, body: { name: 'Own', priceCents: 1, status: 'draft' } });
    const { body } = await shop.call('GET', '/products?of=me', { token });
    expect(body).toMatchObject({ total: 1, items: [{ id: own.body['id'], ownerId: vendor }] });
  });
});
