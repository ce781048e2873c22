import { randomUUID } from 'node:crypto';
import { SallyportError } from '@sallyport/nestjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deliverAsOtherSender, startShopSystem, type Person, type ShopSystem } from './shop-system.test-support.ts';

/*
 * People, the gateway, the service of orders and that of products: all real. Orders asks products for the user through the
 * internal listener, and hears of payments through the webhook route.
 */

let shop: ShopSystem;
beforeAll(async () => {
  shop = await startShopSystem();
  // Ten passwords are hashed, on a machine that may be busy.
}, 120_000);
afterAll(() => shop.close());

const stranger = randomUUID();
const statusOf = async (person: Person | undefined, method: string, path: string, body?: object): Promise<number> =>
  (await shop.as(person, method, path, body)).status;
const stateOf = async (id: string): Promise<unknown> => (await shop.store.findOrder(id))?.state;
/** What happens so many minutes later. Only dates move, and only meanwhile. */
async function minutesLater<Result>(minutes: number, work: () => Promise<Result>): Promise<Result> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 60_000 });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}
const paid = (reference: string, fields: object = {}): object => ({
  type: 'payment.succeeded',
  chargeId: `ch_${reference}`,
  reference,
  amountCents: 500,
  currency: 'EUR',
  ...fields,
});

describe('a cart', () => {
  it('shows products as they are sold now, and is of one user', async () => {
    const productId = await shop.sell('vic');
    await shop.as('ursula', 'PUT', `/api/orders/cart/items/${productId}`, { quantity: 2 });
    await shop.as('vic', 'PATCH', `/api/shop/products/${productId}`, { priceCents: 300 });
    const { body } = await shop.as('ursula', 'GET', '/api/orders/cart');
    expect(body['lines']).toEqual([
      { productId, quantity: 2, product: { name: 'Sold by vic', priceCents: 300, currency: 'EUR', stock: 10 } },
    ]);
    expect((await shop.as('una', 'GET', '/api/orders/cart')).body['lines']).toEqual([]);
    await shop.as('vic', 'PATCH', `/api/shop/products/${productId}`, { status: 'draft' });
    expect((await shop.as('ursula', 'GET', '/api/orders/cart')).body['lines']).toMatchObject([{ product: null }]);
    const { body: emptied } = await shop.as('ursula', 'DELETE', `/api/orders/cart/items/${productId}`);
    expect(emptied['lines']).toEqual([]);
  });

  it.each([
    { name: 'no quantity', body: {}, status: 422 },
    { name: 'a quantity of nothing', body: { quantity: 0 }, status: 422 },
    { name: 'a negative quantity', body: { quantity: -3 }, status: 422 },
    { name: 'a hundred', body: { quantity: 100 }, status: 422 },
    { name: 'a price', body: { quantity: 1, priceCents: 1 }, status: 422 },
  ])('refuses $name', async ({ body, status }) => {
    const productId = await shop.sell('vic');
    expect(await statusOf('una', 'PUT', `/api/orders/cart/items/${productId}`, body)).toBe(status);
  });

  it('refuses a product that is a draft, gone or no id', async () => {
    const draft = await shop.sell('vic', { status: 'draft' });
    for (const person of ['una', 'vic'] as const) {
      expect(await statusOf(person, 'PUT', `/api/orders/cart/items/${draft}`, { quantity: 1 })).toBe(404);
    }
    expect(await statusOf('una', 'PUT', `/api/orders/cart/items/${stranger}`, { quantity: 1 })).toBe(404);
    expect(await statusOf('una', 'PUT', '/api/orders/cart/items/x', { quantity: 1 })).toBe(422);
  });

  it('loses no change where two tabs change it at once', async () => {
    const ids = await Promise.all([shop.sell('vic'), shop.sell('vic'), shop.sell('vera')]);
    await Promise.all(ids.map(async (id) => shop.as('una', 'PUT', `/api/orders/cart/items/${id}`, { quantity: 1 })));
    const { body } = await shop.as('una', 'GET', '/api/orders/cart');
    expect((body['lines'] as readonly { productId: string }[]).map(({ productId }) => productId).sort()).toEqual(
      ids.toSorted(),
    );
    for (const id of ids) await shop.as('una', 'DELETE', `/api/orders/cart/items/${id}`);
  });
});

describe('an order', () => {
  it('has the prices of the service of products at its moment, whatever happens later', async () => {
    const productId = await shop.sell('vic');
    const id = await shop.order('una', { [productId]: 2 });
    await shop.as('vic', 'PATCH', `/api/shop/products/${productId}`, { priceCents: 1, name: 'Cheap' });
    const line = { productId, name: 'Sold by vic', quantity: 2, priceCents: 250, currency: 'EUR' };
    expect((await shop.as('una', 'GET', `/api/orders/orders/${id}`)).body).toMatchObject({
      id,
      state: 'open',
      totalCents: 500,
      lines: [line],
      seenAs: 'buyer',
    });
    expect(await shop.stockOf(productId)).toBe(8);
    expect((await shop.as('una', 'GET', '/api/orders/cart')).body['lines']).toEqual([]);
    expect(await statusOf('una', 'POST', `/api/orders/orders/${id}/cancellation`)).toBe(200);
  });

  it('is made once of a cart, however often the button is pressed', async () => {
    const productId = await shop.sell('vic');
    await shop.as('una', 'PUT', `/api/orders/cart/items/${productId}`, { quantity: 3 });
    const cartId = (await shop.as('una', 'GET', '/api/orders/cart')).body['id'];
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => shop.as('una', 'POST', '/api/orders/orders', { cartId })),
    );
    // A click that comes while another one has emptied the cart finds no cart, and no second order.
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const made = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body['id']));
    expect([...made]).toEqual([cartId]);
    expect(await shop.stockOf(productId)).toBe(7);
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId })).toBe(201);
    // Neither the cart nor the order of another user.
    expect(await statusOf('ursula', 'POST', '/api/orders/orders', { cartId })).toBe(404);
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId: stranger })).toBe(409);
    await shop.as('una', 'POST', `/api/orders/orders/${String(cartId)}/cancellation`);
  });

  it('empties its cart when it is tried again, where the database was away in the middle', async () => {
    const [first, second] = [await shop.sell('vic'), await shop.sell('vic')];
    await shop.as('una', 'PUT', `/api/orders/cart/items/${first}`, { quantity: 1 });
    const { id: cartId } = (await shop.as('una', 'GET', '/api/orders/cart')).body;
    vi.spyOn(shop.store, 'removeCart').mockRejectedValueOnce(new SallyportError('SP_STORE_UNAVAILABLE'));
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId })).toBe(503);
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId })).toBe(201);
    expect((await shop.as('una', 'GET', '/api/orders/cart')).body['lines']).toEqual([]);
    // The id of that order is spent: what is bought next is another one.
    const next = await shop.order('una', { [second]: 2 });
    expect(next).not.toBe(cartId);
    for (const id of [cartId, next]) await shop.as('una', 'POST', `/api/orders/orders/${String(id)}/cancellation`);
  });

  it('is of what its cart holds when it is tried again, where it could not be written the first time', async () => {
    const productId = await shop.sell('vic');
    const put = async (quantity: number) => {
      await shop.as('una', 'PUT', `/api/orders/cart/items/${productId}`, { quantity });
      return (await shop.as('una', 'GET', '/api/orders/cart')).body['id'];
    };
    const first = await put(1);
    vi.spyOn(shop.store, 'insertOrder').mockRejectedValueOnce(new SallyportError('SP_STORE_UNAVAILABLE'));
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId: first })).toBe(503);
    const second = await put(3);
    // It was shown with one of it.
    if (first !== second) expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId: first })).toBe(409);
    const { status, body } = await shop.as('una', 'POST', '/api/orders/orders', { cartId: second });
    expect({ status, lines: body['lines'] }).toMatchObject({ status: 201, lines: [{ quantity: 3 }] });
    await shop.as('una', 'POST', `/api/orders/orders/${String(second)}/cancellation`);
  });

  it('holds nothing for ever where it was never written', async () => {
    const productId = await shop.sell('vic');
    await shop.as('una', 'PUT', `/api/orders/cart/items/${productId}`, { quantity: 4 });
    const { id: cartId } = (await shop.as('una', 'GET', '/api/orders/cart')).body;
    vi.spyOn(shop.store, 'insertOrder').mockRejectedValueOnce(new SallyportError('SP_STORE_UNAVAILABLE'));
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId })).toBe(503);
    await shop.as('una', 'DELETE', `/api/orders/cart/items/${productId}`);
    const other = await shop.order('ursula', { [productId]: 2 });
    expect(await shop.stockOf(productId)).toBe(4);
    await minutesLater(11, () => shop.products.releaseOverdueHolds());
    expect(await shop.stockOf(productId)).toBe(8);
    await shop.as('ursula', 'POST', `/api/orders/orders/${other}/cancellation`);
  });

  it.each([
    { name: 'tried again', again: (id: unknown) => statusOf('una', 'POST', '/api/orders/orders', { cartId: id }) },
    { name: 'to be paid', again: (id: unknown) => statusOf('una', 'POST', `/api/orders/orders/${String(id)}/payment`) },
  ])('without stock is cancelled when it is $name, and its cart can be ordered', async ({ again }) => {
    const productId = await shop.sell('vic');
    await shop.as('una', 'PUT', `/api/orders/cart/items/${productId}`, { quantity: 4 });
    const { id: cartId } = (await shop.as('una', 'GET', '/api/orders/cart')).body;
    vi.spyOn(shop.products, 'keepHold').mockRejectedValueOnce(new SallyportError('SP_STORE_UNAVAILABLE'));
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId })).toBe(503);
    await minutesLater(11, () => shop.products.releaseOverdueHolds());
    expect([await again(cartId), await stateOf(String(cartId))]).toEqual([422, 'cancelled']);
    expect(await shop.stockOf(productId)).toBe(10);
    const { id: renewed } = (await shop.as('una', 'GET', '/api/orders/cart')).body;
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId: renewed })).toBe(201);
    await shop.as('una', 'POST', `/api/orders/orders/${String(renewed)}/cancellation`);
  });

  it('keeps its stock when it is tried again in time, and no other user can have it cancelled by trying', async () => {
    const productId = await shop.sell('vic');
    await shop.as('una', 'PUT', `/api/orders/cart/items/${productId}`, { quantity: 4 });
    const { id: cartId } = (await shop.as('una', 'GET', '/api/orders/cart')).body;
    vi.spyOn(shop.products, 'keepHold').mockRejectedValueOnce(new SallyportError('SP_STORE_UNAVAILABLE'));
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId })).toBe(503);
    for (const person of ['ada', 'vic', 'una'] as const) {
      expect(await statusOf(person, 'POST', '/api/orders/orders', { cartId })).toBe(201);
    }
    await minutesLater(11, () => shop.products.releaseOverdueHolds());
    expect([await shop.stockOf(productId), await stateOf(String(cartId))]).toEqual([6, 'open']);
    await shop.as('una', 'POST', `/api/orders/orders/${String(cartId)}/cancellation`);
  });

  it('leaves in the cart what was put into it meanwhile', async () => {
    const [first, second] = [await shop.sell('vic'), await shop.sell('vic')];
    await shop.as('una', 'PUT', `/api/orders/cart/items/${first}`, { quantity: 2 });
    const { id: cartId } = (await shop.as('una', 'GET', '/api/orders/cart')).body;
    const insertOrder = shop.store.insertOrder.bind(shop.store);
    vi.spyOn(shop.store, 'insertOrder').mockImplementationOnce(async (order) => {
      await insertOrder(order);
      await shop.as('una', 'PUT', `/api/orders/cart/items/${second}`, { quantity: 1 });
      await shop.as('una', 'PUT', `/api/orders/cart/items/${first}`, { quantity: 3 });
    });
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId })).toBe(201);
    expect((await shop.as('una', 'GET', '/api/orders/cart')).body['lines']).toMatchObject([
      { productId: first, quantity: 1 },
      { productId: second, quantity: 1 },
    ]);
    for (const id of [first, second]) await shop.as('una', 'DELETE', `/api/orders/cart/items/${id}`);
    await shop.as('una', 'POST', `/api/orders/orders/${String(cartId)}/cancellation`);
  });

  it('takes no more than there is: of the last ones each is sold once', async () => {
    const productId = await shop.sell('vic', { stock: 2 });
    const buyers = ['una', 'ursula', 'vic', 'vera', 'ada'] as const;
    const outcomes = await Promise.allSettled(buyers.map(async (buyer) => shop.order(buyer, { [productId]: 1 })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await shop.stockOf(productId)).toBe(0);
    for (const [index, buyer] of buyers.entries()) {
      const outcome = outcomes[index];
      if (outcome?.status === 'fulfilled')
        await shop.as(buyer, 'POST', `/api/orders/orders/${outcome.value}/cancellation`);
      else await shop.as(buyer, 'DELETE', `/api/orders/cart/items/${productId}`);
    }
    expect(await shop.stockOf(productId)).toBe(2);
  });

  it('is refused where too few are left, and names the product', async () => {
    const productId = await shop.sell('vic', { stock: 1 });
    await shop.as('una', 'PUT', `/api/orders/cart/items/${productId}`, { quantity: 2 });
    const { id: cartId } = (await shop.as('una', 'GET', '/api/orders/cart')).body;
    expect(await shop.as('una', 'POST', '/api/orders/orders', { cartId })).toMatchObject({
      status: 422,
      body: { errors: [{ field: productId, message: 'Too few are left' }] },
    });
    const { id: fewer } = (await shop.as('una', 'PUT', `/api/orders/cart/items/${productId}`, { quantity: 1 })).body;
    expect(await statusOf('una', 'POST', '/api/orders/orders', { cartId: fewer })).toBe(201);
    await shop.as('una', 'POST', `/api/orders/orders/${String(fewer)}/cancellation`);
  });

  it('waits for its payment beside four others at most', async () => {
    const productId = await shop.sell('vera', { stock: 20 });
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push(await shop.order('ursula', { [productId]: 1 }));
    await expect(shop.order('ursula', { [productId]: 1 })).rejects.toThrow('Pay or cancel an order first');
    for (const id of ids) await shop.as('ursula', 'POST', `/api/orders/orders/${id}/cancellation`);
    await shop.as('ursula', 'DELETE', `/api/orders/cart/items/${productId}`);
    expect(await shop.stockOf(productId)).toBe(20);
  });

  it('gives its stock back once when it is cancelled, by its buyer or an administrator', async () => {
    const productId = await shop.sell('vic');
    const [one, two] = [await shop.order('una', { [productId]: 2 }), await shop.order('una', { [productId]: 1 })];
    expect(await statusOf('vic', 'POST', `/api/orders/orders/${one}/cancellation`)).toBe(403);
    expect(await statusOf('ursula', 'POST', `/api/orders/orders/${one}/cancellation`)).toBe(404);
    await Promise.all(
      Array.from({ length: 5 }, async () => shop.as('una', 'POST', `/api/orders/orders/${one}/cancellation`)),
    );
    expect(await statusOf('ada', 'POST', `/api/orders/orders/${two}/cancellation`)).toBe(200);
    expect(await shop.stockOf(productId)).toBe(10);
    expect([await stateOf(one), await stateOf(two)]).toEqual(['cancelled', 'cancelled']);
  });
});

describe('who sees an order', () => {
  it('the buyer and administrators see all of it, each vendor their own lines alone, and other people nothing', async () => {
    const [byVic, byVera] = [await shop.sell('vic'), await shop.sell('vera', { priceCents: 40 })];
    const id = await shop.order('una', { [byVic]: 1, [byVera]: 5 });
    const seen = async (person: Person) => {
      const { status, body } = await shop.as(person, 'GET', `/api/orders/orders/${id}`);
      const lines = (body['lines'] as readonly { productId: string }[] | undefined) ?? [];
      return {
        status,
        total: body['totalCents'],
        buyer: body['buyerId'],
        products: lines.map(({ productId }) => productId),
      };
    };
    const whole = { status: 200, total: 450, buyer: shop.idOf('una'), products: [byVic, byVera] };
    expect(await seen('una')).toEqual(whole);
    expect(await seen('ada')).toEqual(whole);
    expect(await seen('vic')).toEqual({ status: 200, total: 250, buyer: undefined, products: [byVic] });
    expect(await seen('vera')).toEqual({ status: 200, total: 200, buyer: undefined, products: [byVera] });
    expect(await seen('ursula')).toMatchObject({ status: 404, products: [] });
    const raw = JSON.stringify((await shop.as('vic', 'GET', '/api/orders/orders?as=vendor')).body);
    expect(raw).toContain(id);
    for (const hidden of [shop.idOf('una'), byVera, 'chargeId']) expect(raw).not.toContain(hidden);
    await shop.as('una', 'POST', `/api/orders/orders/${id}/cancellation`);
  });

  it('each list is for those whose it is, and holds nothing of other people', async () => {
    const productId = await shop.sell('vera');
    const id = await shop.order('una', { [productId]: 1 });
    const list = async (person: Person | undefined, as: string) => {
      const { status, body } = await shop.as(person, 'GET', `/api/orders/orders?pageSize=100&as=${as}`);
      const items = (body['items'] as readonly { id: string }[] | undefined) ?? [];
      return [status, items.some((item) => item.id === id)];
    };
    const rows = await Promise.all(
      (['una', 'ursula', 'vic', 'vera', 'ada', undefined] as const).map(async (person) => [
        person,
        await list(person, 'buyer'),
        await list(person, 'vendor'),
        await list(person, 'administrator'),
      ]),
    );
    expect(rows).toEqual([
      ['una', [200, true], [403, false], [403, false]],
      ['ursula', [200, false], [403, false], [403, false]],
      ['vic', [200, false], [200, false], [403, false]],
      ['vera', [200, false], [200, true], [403, false]],
      ['ada', [200, false], [200, false], [200, true]],
      [undefined, [401, false], [401, false], [401, false]],
    ]);
    expect(await list('una', 'everyone')).toEqual([422, false]);
    await shop.as('una', 'POST', `/api/orders/orders/${id}/cancellation`);
  });
});

describe('a payment', () => {
  it('leads its buyer alone to the provider, with a sum that is signed', async () => {
    const id = await shop.order('una', { [await shop.sell('vic')]: 2 });
    const { status, body } = await shop.as('una', 'POST', `/api/orders/orders/${id}/payment`);
    expect(status).toBe(200);
    const url = new URL(String(body['url']));
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ reference: id, amountCents: '500', currency: 'EUR' });
    expect(url.searchParams.get('signature')).toMatch(/^[\w-]{43}$/);
    for (const person of ['vic', 'ada'] as const) {
      expect(await statusOf(person, 'POST', `/api/orders/orders/${id}/payment`)).toBe(403);
    }
    expect(await statusOf('ursula', 'POST', `/api/orders/orders/${id}/payment`)).toBe(404);
    expect(await shop.deliver(paid(id))).toMatchObject({ status: 200, body: { result: 'paid' } });
    expect(await statusOf('una', 'POST', `/api/orders/orders/${id}/payment`)).toBe(409);
    expect(await statusOf('una', 'POST', `/api/orders/orders/${id}/cancellation`)).toBe(409);
    expect(await stateOf(id)).toBe('paid');
  });

  it('is noted once, in however many deliveries it is told at once', async () => {
    const id = await shop.order('una', { [await shop.sell('vic')]: 2 });
    const deliveries = await Promise.all([
      ...Array.from({ length: 6 }, async () => shop.deliver(paid(id))),
      ...Array.from({ length: 6 }, async () => shop.deliver(paid(id), { id: `msg_${id}` })),
    ]);
    const results = deliveries.flatMap(({ body }) => body['result'] ?? []);
    expect(results.filter((result) => result === 'paid')).toHaveLength(1);
    for (const { status } of deliveries) expect([200, 409]).toContain(status);
    expect(await shop.store.findOrder(id)).toMatchObject({ state: 'paid', chargeId: `ch_${id}`, version: 2 });
  });

  it('of a second charge is refused: one order is charged once', async () => {
    const id = await shop.order('una', { [await shop.sell('vic')]: 2 });
    const answers = await Promise.all(
      ['ch_a', 'ch_b', 'ch_c'].map(async (chargeId) => shop.deliver(paid(id, { chargeId }))),
    );
    expect(answers.map(({ status }) => status).toSorted((one, two) => one - two)).toEqual([200, 409, 409]);
  });

  it('that meets a cancellation leaves one of both, and one that came too late is to be given back', async () => {
    for (let round = 0; round < 4; round += 1) {
      const productId = await shop.sell('vic');
      const id = await shop.order('una', { [productId]: 2 });
      const [payment, cancellation] = await Promise.all([
        shop.deliver(paid(id)),
        shop.as('una', 'POST', `/api/orders/orders/${id}/cancellation`),
      ]);
      expect(payment.status).toBe(200);
      const isCancelled = cancellation.status === 200;
      expect([await stateOf(id), await shop.stockOf(productId)]).toEqual(
        isCancelled ? ['refund-due', 10] : ['paid', 8],
      );
    }
  });

  it.each([
    { name: 'of another sum', fields: { amountCents: 1 }, status: 422 },
    { name: 'in another currency', fields: { currency: 'USD' }, status: 422 },
    { name: 'for no order', fields: { reference: stranger }, status: 404 },
    { name: 'without a charge', fields: { chargeId: '' }, status: 422 },
    { name: 'of a kind that is not known', fields: { type: 'payment.imagined' }, status: 422 },
    { name: 'that was declined', fields: { type: 'payment.declined' }, status: 200 },
  ])('$name pays nothing', async ({ fields, status }) => {
    const id = await shop.order('una', { [await shop.sell('vic')]: 2 });
    expect((await shop.deliver(paid(id, fields))).status).toBe(status);
    expect(await stateOf(id)).toBe('open');
    await shop.as('una', 'POST', `/api/orders/orders/${id}/cancellation`);
  });

  it('is told by the provider alone: a wrong signature, another sender, a user or a stranger pay nothing', async () => {
    const id = await shop.order('una', { [await shop.sell('vic')]: 2 });
    const forged = await shop.deliver(paid(id), { secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' });
    expect(forged).toMatchObject({ status: 401, body: { code: 'SP_WEBHOOK_UNVERIFIED' } });
    expect(await deliverAsOtherSender(shop, paid(id))).toMatchObject({ status: 403 });
    for (const person of ['una', 'ada', undefined] as const) {
      expect(await statusOf(person, 'POST', '/webhooks/payments', paid(id))).toBe(401);
      // The handler stands below the path of the service as well, and takes no session there.
      expect(await statusOf(person, 'POST', '/api/orders/webhooks/payments', paid(id))).toBe(401);
    }
    expect(await stateOf(id)).toBe('open');
    await shop.as('una', 'POST', `/api/orders/orders/${id}/cancellation`);
  });
});

describe('payout data', () => {
  const good = { accountHolder: 'Vic Vendor', iban: 'de89 3704 0044 0532 0130 00' };

  it('is of the vendor who asks, and shown without the number', async () => {
    expect(await shop.as('vic', 'GET', '/api/orders/payout')).toMatchObject({ status: 200, body: { payout: null } });
    const { status, body } = await shop.as('vic', 'PUT', '/api/orders/payout', good);
    expect(status).toBe(200);
    expect(body).toMatchObject({ payout: { accountHolder: 'Vic Vendor', ibanHint: 'DE … 3000' } });
    expect(JSON.stringify((await shop.as('vic', 'GET', '/api/orders/payout')).body)).not.toContain('370400440');
    expect((await shop.as('vera', 'GET', '/api/orders/payout')).body).toEqual({ payout: null });
    // An administrator holds what vendors hold, to make vendors: that is about a payout of their own.
    expect((await shop.as('ada', 'GET', '/api/orders/payout')).body).toEqual({ payout: null });
    expect(await statusOf('una', 'GET', '/api/orders/payout')).toBe(403);
    expect(await statusOf('una', 'PUT', '/api/orders/payout', good)).toBe(403);
    expect(await statusOf(undefined, 'PUT', '/api/orders/payout', good)).toBe(401);
  });

  it.each([
    { name: 'a wrong digit', change: { iban: 'DE89370400440532013001' }, field: 'iban' },
    { name: 'no IBAN', change: { iban: '12345678' }, field: 'iban' },
    { name: 'no holder', change: { accountHolder: ' ' }, field: 'accountHolder' },
    { name: 'another vendor', change: { vendorId: 'x' }, field: 'vendorId' },
  ])('refuses $name', async ({ change, field }) => {
    const answer = await shop.as('vic', 'PUT', '/api/orders/payout', { ...good, ...change });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });
});

describe('the service of products', () => {
  it('lets no user hold stock by itself, not even an administrator', async () => {
    const productId = await shop.sell('vic');
    const body = { id: randomUUID(), lines: [{ productId, quantity: 1 }] };
    for (const person of ['una', 'vic', 'ada'] as const) {
      expect(await statusOf(person, 'POST', '/api/shop/holds', body)).toBe(403);
    }
    expect(await shop.stockOf(productId)).toBe(10);
  });
});
