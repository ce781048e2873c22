import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { accessFor, type PolicyCaller } from '@sallyport/policy';
import { createConnection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cart } from './carts/cart.ts';
import { openMongoOrdersStore } from './mongo-orders-store.ts';
import type { Order } from './orders/order.ts';
import type { OrderScope, OrdersStore } from './orders-store.ts';
import { createSqliteOrdersStore } from './sqlite-orders-store.ts';

const mongodbUrl = process.env['TEST_MONGODB_URL'];

describe('the store of orders [sqlite]', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'orders-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  describeOrdersStore(async () => createSqliteOrdersStore(path.join(folder, 'data', 'orders.sqlite')));
});

describe.skipIf(mongodbUrl === undefined)('the store of orders [mongodb]', () => {
  const [url, database] = [mongodbUrl ?? '', `orders-${randomUUID()}`];
  afterAll(async () => {
    const connection = await createConnection(url, { dbName: database }).asPromise();
    await connection.dropDatabase();
    await connection.close();
  });
  describeOrdersStore(
    async () => openMongoOrdersStore({ url, database }),
    async () => ((await isFerretdb(url)) ? 'FerretDB changes nothing atomically' : undefined),
  );
});

/** FerretDB 1 reads, decides and writes: a change of a version that is gone can overwrite another. */
async function isFerretdb(url: string): Promise<boolean> {
  const connection = await createConnection(url).asPromise();
  try {
    return 'ferretdbVersion' in ((await connection.db?.admin().command({ buildInfo: 1 })) ?? {});
  } finally {
    await connection.close();
  }
}

/** `withoutAtomicChange` says why a database lets two changes at the same time through. */
function describeOrdersStore(
  open: () => Promise<OrdersStore>,
  withoutAtomicChange: () => Promise<string | undefined> = async () => undefined,
): void {
  let store: OrdersStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  const every: OrderScope = {
    readable: accessFor(shopPolicy, callerWith('admin', 'order:read-any')).filter('read', 'Order'),
  };
  const first = { page: 1, pageSize: 100 } as const;

  async function inserted(fields: Partial<Order> = {}): Promise<Order> {
    const order = testOrder(fields);
    await store.insertOrder(order);
    return order;
  }

  it('keeps an order over a restart as it was, and a second one of its id out', async () => {
    const order = await inserted();
    await expect(store.insertOrder({ ...order, totalCents: 1 })).rejects.toMatchObject({ code: 'SP_CONFLICT' });
    const other = await open();
    expect(await other.findOrder(order.id)).toEqual(order);
    await other.close();
    expect(await store.findOrder(randomUUID())).toBeUndefined();
  });

  it('changes state and charge of an order, and nothing else of it', async () => {
    const order = await inserted();
    const change = { ...order, state: 'paid' as const, chargeId: 'ch', totalCents: 1, buyerId: 'x', version: 2 };
    expect(await store.replaceOrder(change)).toBe(true);
    expect(await store.replaceOrder({ ...change, chargeId: 'other' })).toBe(false);
    expect(await store.findOrder(order.id)).toEqual({ ...order, state: 'paid', chargeId: 'ch', version: 2 });
  });

  it('changes an order by one of many that try at once, and nothing else of it', async ({ skip }) => {
    const reason = await withoutAtomicChange();
    if (reason !== undefined) skip(reason);
    const order = await inserted();
    const changes = Array.from({ length: 6 }, (_, index) => ({
      ...order,
      state: 'paid' as const,
      chargeId: `ch_${index}`,
      totalCents: 1,
      buyerId: 'another',
      vendorIds: [],
      version: 2,
    }));
    const results = await Promise.all(changes.map(async (change) => store.replaceOrder(change)));
    expect(results.filter(Boolean)).toHaveLength(1);
    const chargeId = `ch_${results.indexOf(true)}`;
    expect(await store.findOrder(order.id)).toEqual({ ...order, state: 'paid', chargeId, version: 2 });
    expect(await store.replaceOrder({ ...order, version: 9 })).toBe(false);
  });

  it('lists the newest first, of one buyer or vendor where that is asked, and within what is readable', async () => {
    const [buyer, vendor] = [randomUUID(), randomUUID()];
    const old = await inserted({ buyerId: buyer, createdAt: '2026-01-01T00:00:00.000Z' });
    const recent = await inserted({ buyerId: buyer, vendorIds: ['x', vendor], createdAt: '2026-02-01T00:00:00.000Z' });
    const foreign = await inserted({ vendorIds: [vendor], createdAt: '2026-03-01T00:00:00.000Z' });
    const ids = async (scope: OrderScope, page = first) =>
      (await store.listOrders(page, scope)).items.map(({ id }) => id);
    expect(await ids({ ...every, buyerId: buyer })).toEqual([recent.id, old.id]);
    const sales = accessFor(shopPolicy, callerWith(vendor, 'order:read-sales')).filter('sell', 'Order');
    expect(await ids({ readable: sales })).toEqual([foreign.id, recent.id]);
    expect(await ids({ readable: sales, buyerId: buyer })).toEqual([recent.id]);
    const readable = accessFor(shopPolicy, callerWith(buyer, 'order:read')).filter('read', 'Order');
    const none = accessFor(shopPolicy, callerWith(buyer, 'product:read')).filter('read', 'Order');
    expect(await ids({ readable: none })).toEqual([]);
    expect(await store.listOrders({ page: 2, pageSize: 1 }, { readable })).toMatchObject({
      items: [{ id: old.id }],
      total: 2,
    });
    expect(await store.countOpenOrders(buyer)).toBe(2);
    await store.replaceOrder({ ...old, state: 'cancelled', version: 2 });
    expect(await store.countOpenOrders(buyer)).toBe(1);
  });

  it('puts one of two changes of a cart, and removes it by its id alone', async () => {
    const cart: Cart = { userId: randomUUID(), id: randomUUID(), firstId: randomUUID(), lines: [] };
    const line = { productId: randomUUID(), quantity: 2 };
    const firsts = await Promise.all([cart, { ...cart, id: randomUUID() }].map(async (one) => store.putCart(one)));
    expect(firsts.filter(Boolean)).toHaveLength(1);
    const kept = await store.findCart(cart.userId);
    const next = { ...cart, id: randomUUID(), lines: [line] };
    expect([await store.putCart(next, kept?.id), await store.putCart(next, kept?.id)]).toEqual([true, false]);
    expect(await store.removeCart(cart.userId, kept?.id ?? '')).toBe(false);
    expect(await store.findCart(cart.userId)).toEqual(next);
    expect(await store.removeCart(cart.userId, next.id)).toBe(true);
    expect(await store.findCart(cart.userId)).toBeUndefined();
    // Nor does a change of a cart that is gone make one.
    expect(await store.putCart(next, next.id)).toBe(false);
  });

  it('keeps one place where each vendor is paid', async () => {
    const payout = { vendorId: randomUUID(), accountHolder: 'Vic', iban: 'DE1', updatedAt: new Date().toISOString() };
    await store.putPayout(payout);
    await store.putPayout({ ...payout, iban: 'DE2' });
    expect(await store.findPayout(payout.vendorId)).toEqual({ ...payout, iban: 'DE2' });
    expect(await store.findPayout('another')).toBeUndefined();
  });

  it.each([
    { name: 'no lines', change: { lines: [] } },
    { name: 'a state that there is not', change: { state: 'free' } },
    { name: 'a negative sum', change: { totalCents: -1 } },
    { name: 'an operator for a buyer', change: { buyerId: { $ne: '' } } },
    { name: 'a field that no order has', change: { discount: 1 } },
  ])('writes no order with $name', async ({ change }) => {
    const broken = { ...testOrder(), ...change } as Order;
    await expect(store.insertOrder(broken)).rejects.not.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(await store.findOrder(broken.id)).toBeUndefined();
  });

  it('answers 503 to everything once it is closed, and may be closed twice', async () => {
    const closed = await open();
    await closed.close();
    await closed.close();
    const order = testOrder();
    const calls = [
      () => closed.findCart('x'),
      () => closed.putCart({ userId: 'x', id: 'y', firstId: 'y', lines: [] }),
      () => closed.insertOrder(order),
      () => closed.findOrder(order.id),
      () => closed.listOrders(first, every),
      () => closed.replaceOrder(order),
      () => closed.findPayout('x'),
      () => closed.ping(),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE', status: 503 });
  });
}

function callerWith(id: string, permission: string): PolicyCaller {
  return { kind: 'user', id, permissions: [permission], roles: [] };
}

function testOrder(fields: Partial<Order> = {}): Order {
  const line = { productId: randomUUID(), name: 'A gate', ownerId: 'vendor-1', quantity: 1, priceCents: 250 };
  return {
    id: randomUUID(),
    buyerId: 'buyer-1',
    state: 'open',
    lines: [{ ...line, currency: 'EUR' }],
    vendorIds: ['vendor-1'],
    totalCents: 250,
    currency: 'EUR',
    chargeId: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    version: 1,
    ...fields,
  };
}
