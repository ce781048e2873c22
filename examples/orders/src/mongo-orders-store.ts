import {
  answeringMongo as answering,
  isDuplicateKey,
  openMongo,
  prepareMongo,
  trustFilter,
  type MongoOptions,
} from '@sallyport/example-shop-kit';
import { Schema, type QueryFilter } from 'mongoose';
import { cartLinesSchema, type Cart } from './carts/cart.ts';
import { orderIdSchema, orderSchema, type Order } from './orders/order.ts';
import type { OrderScope, OrdersStore } from './orders-store.ts';
import { payoutSchema, type Payout } from './payouts/payout.ts';

interface OrderDocument extends Omit<Order, 'id'> {
  readonly _id: string;
}

/** The cart of a user: there is one, so their id is its key. */
interface CartDocument extends Omit<Cart, 'userId' | 'id' | 'firstId'> {
  readonly _id: string;
  readonly cartId: string;
  readonly firstId?: string;
}

interface PayoutDocument extends Omit<Payout, 'vendorId'> {
  readonly _id: string;
}

const text = { type: String, required: true } as const;
const fixedText = { ...text, immutable: true } as const;
const number = { type: Number, required: true } as const;
const mixed = { type: Schema.Types.Mixed, required: true } as const;
const strictly = {
  strict: 'throw',
  strictQuery: 'throw',
  autoCreate: false,
  autoIndex: false,
  versionKey: false,
} as const;

const orderDocumentSchema = new Schema<OrderDocument>(
  {
    _id: text,
    buyerId: fixedText,
    state: text,
    lines: { ...mixed, immutable: true },
    vendorIds: { type: [String], required: true, immutable: true },
    totalCents: { ...number, immutable: true },
    currency: fixedText,
    chargeId: { type: String, default: null },
    createdAt: fixedText,
    updatedAt: text,
    version: number,
  },
  { ...strictly, collection: 'orders' },
);
orderDocumentSchema.index({ buyerId: 1, createdAt: -1 });
orderDocumentSchema.index({ vendorIds: 1, createdAt: -1 });
orderDocumentSchema.index({ createdAt: -1, _id: -1 });

const cartDocumentSchema = new Schema<CartDocument>(
  { _id: text, cartId: text, firstId: text, lines: mixed },
  { ...strictly, collection: 'carts' },
);

const payoutDocumentSchema = new Schema<PayoutDocument>(
  { _id: text, accountHolder: text, iban: text, updatedAt: text },
  { ...strictly, collection: 'payouts' },
);

/**
 * Connects to MongoDB and creates the indexes.
 *
 * @throws Error that says what is wrong with `MONGODB_URL`, and never what it is, when the database does not answer in time.
 */
export async function openMongoOrdersStore(options: MongoOptions): Promise<OrdersStore> {
  const connection = prepareMongo();
  const orders = connection.model('Order', orderDocumentSchema);
  const carts = connection.model('Cart', cartDocumentSchema);
  const payouts = connection.model('Payout', payoutDocumentSchema);
  await openMongo('orders', connection, options, async () => {
    await orders.createIndexes();
  });

  return {
    findCart: async (userId) =>
      answering(async () => {
        const found = await carts.findOne({ _id: orderIdSchema.parse(userId) }).lean();
        if (found === null) return undefined;
        // A cart of an earlier version began with the id that it has.
        const { cartId: id, firstId = id, lines } = found;
        return { userId, id, firstId, lines: cartLinesSchema.parse(lines) };
      }),
    putCart: async ({ userId, id, firstId, lines }, before) =>
      answering(async () => {
        const put = { cartId: id, firstId, lines: cartLinesSchema.parse(lines) };
        if (before === undefined) return inserted(carts.create([{ _id: userId, ...put }]));
        const { matchedCount } = await carts.updateOne({ _id: userId, cartId: before }, { $set: put });
        return matchedCount === 1;
      }),
    removeCart: async (userId, cartId) =>
      answering(async () => {
        const cart = { _id: orderIdSchema.parse(userId), cartId: orderIdSchema.parse(cartId) };
        return (await carts.deleteOne(cart)).deletedCount === 1;
      }),
    insertOrder: async (order) =>
      answering(async () => {
        const { id, ...fields } = orderSchema.parse(order);
        await orders.create([{ ...fields, lines: [...fields.lines], vendorIds: [...fields.vendorIds], _id: id }]);
      }),
    findOrder: async (id) =>
      answering(async () => {
        const found = await orders.findOne({ _id: orderIdSchema.parse(id) }).lean();
        return found === null ? undefined : toOrder(found);
      }),
    listOrders: async ({ page, pageSize }, scope) =>
      answering(async () => {
        const condition = toMongo(scope);
        const [documents, total] = await Promise.all([
          orders
            .find(condition)
            .sort({ createdAt: -1, _id: -1 })
            .skip((page - 1) * pageSize)
            .limit(pageSize)
            .lean(),
          orders.countDocuments(condition),
        ]);
        return { items: documents.map(toOrder), page, pageSize, total };
      }),
    countOpenOrders: async (buyerId) =>
      answering(async () => orders.countDocuments({ buyerId: orderIdSchema.parse(buyerId), state: 'open' })),
    replaceOrder: async (order) =>
      answering(async () => {
        const { id: _id, state, chargeId, updatedAt, version } = orderSchema.parse(order);
        const { matchedCount } = await orders.updateOne(
          { _id, version: version - 1 },
          { $set: { state, chargeId, updatedAt, version } },
        );
        return matchedCount === 1;
      }),
    findPayout: async (vendorId) =>
      answering(async () => {
        const found = await payouts.findOne({ _id: orderIdSchema.parse(vendorId) }).lean();
        if (found === null) return undefined;
        const { _id, accountHolder, iban, updatedAt } = found;
        return payoutSchema.parse({ vendorId: _id, accountHolder, iban, updatedAt });
      }),
    putPayout: async (payout) =>
      answering(async () => {
        const { vendorId, ...fields } = payoutSchema.parse(payout);
        await payouts.updateOne({ _id: vendorId }, { $set: fields }, { upsert: true });
      }),
    ping: async () =>
      answering(async () => {
        await orders.exists({});
      }),
    close: () => connection.destroy(),
  };
}

async function inserted(insertion: Promise<unknown>): Promise<boolean> {
  try {
    await insertion;
    return true;
  } catch (cause) {
    if (isDuplicateKey(cause)) return false;
    throw cause;
  }
}

/** What the access rules made is no text of a caller: its operators are meant. */
function toMongo({ readable, buyerId }: OrderScope): QueryFilter<OrderDocument> {
  const filter = readable.toMongo({ path: (field) => (field === 'id' ? '_id' : field) });
  return trustFilter({ $and: [filter, buyerId === undefined ? {} : { buyerId }] });
}

function toOrder({ _id, ...fields }: OrderDocument): Order {
  return orderSchema.parse({ ...fields, id: _id });
}
