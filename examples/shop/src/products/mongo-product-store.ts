import {
  answeringMongo as answering,
  isDuplicateKey,
  openMongo,
  prepareMongo,
  trustFilter,
  type MongoOptions,
} from '@sallyport/example-shop-kit';
import { Schema, trusted, type QueryFilter } from 'mongoose';
import { holdModel } from '../holds/hold-document.ts';
import { createMongoHolds } from '../holds/mongo-holds.ts';
import { productModel, type ProductDocument } from './product-document.ts';
import type { ProductScope, ProductStore } from './product-store.ts';
import { productIdSchema, productSchema, type Product, type ProductPageRequest } from './product.ts';
import { seedProducts } from './seed-products.ts';

interface StateDocument {
  readonly _id: string;
}

const seeded = 'seeded';

const strictly = { strict: 'throw', strictQuery: 'throw', autoCreate: false, autoIndex: false } as const;

const stateDocumentSchema = new Schema<StateDocument>(
  { _id: { type: String, required: true } },
  { ...strictly, collection: 'shopstate', versionKey: false },
);

const orderings: Readonly<Record<ProductPageRequest['sort'], Readonly<Record<string, 1 | -1>>>> = {
  name: { nameKey: 1, _id: 1 },
  '-name': { nameKey: -1, _id: -1 },
  priceCents: { priceCents: 1, _id: 1 },
  '-priceCents': { priceCents: -1, _id: -1 },
  createdAt: { createdAt: 1, _id: 1 },
  '-createdAt': { createdAt: -1, _id: -1 },
};

/**
 * Connects to MongoDB, creates the indexes, and fills a new database with the demo catalogue.
 *
 * @throws Error that says what is wrong with `MONGODB_URL`, and never what it is, when the database does not answer in time.
 */
export async function openMongoProductStore(options: MongoOptions): Promise<ProductStore> {
  const connection = prepareMongo();
  const products = productModel(connection);
  const holds = holdModel(connection);
  const state = connection.model('State', stateDocumentSchema);
  await openMongo('shop', connection, options, async () => {
    await products.createIndexes();
    await holds.createIndexes();
    // Products of an earlier version have no status: all of them were on sale.
    await products.updateMany({ status: trusted({ $exists: false }) }, { $set: { status: 'published' } });
    // Holds of an earlier version have no end: they belong to orders.
    await holds.updateMany({ state: 'held', expiresAt: trusted({ $exists: false }) }, { $set: { state: 'kept' } });
    if ((await state.exists({ _id: seeded })) !== null) return;
    // Two shops that start together do the same; only then is it said to be done.
    for (const product of seedProducts(new Date())) await unlessTaken(products.create([toDocument(product)]));
    await unlessTaken(state.create([{ _id: seeded }]));
  });

  return {
    list: async ({ page, pageSize, sort }, scope) =>
      answering(async () => {
        const condition = toMongo(scope);
        const [documents, total] = await Promise.all([
          products
            .find(condition)
            .sort(orderings[sort])
            .skip((page - 1) * pageSize)
            .limit(pageSize)
            .lean(),
          products.countDocuments(condition),
        ]);
        return { items: documents.map(toProduct), page, pageSize, total };
      }),
    find: async (id) =>
      answering(async () => {
        const document = await products.findOne({ _id: productIdSchema.parse(id) }).lean();
        return document === null ? undefined : toProduct(document);
      }),
    insert: async (product) =>
      answering(async () => {
        await products.create([toDocument(product)]);
      }),
    replace: async (product) =>
      answering(async () => {
        const { _id, ownerId: _ownerId, createdAt: _createdAt, ...changed } = toDocument(product);
        const { matchedCount } = await products.updateOne({ _id, version: product.version - 1 }, { $set: changed });
        return matchedCount === 1;
      }),
    remove: async (id) =>
      answering(async () => (await products.deleteOne({ _id: productIdSchema.parse(id) })).deletedCount === 1),
    ...createMongoHolds(holds, products),
    ping: async () =>
      answering(async () => {
        await products.exists({});
      }),
    close: () => connection.destroy(),
  };
}

async function unlessTaken(insertion: Promise<unknown>): Promise<void> {
  try {
    await insertion;
  } catch (cause) {
    if (!isDuplicateKey(cause)) throw cause;
  }
}

function toDocument(product: Product): ProductDocument {
  const { id, ...fields } = productSchema.parse(product);
  return { ...fields, _id: id, nameKey: fields.name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) };
}

function toProduct({
  _id,
  nameKey: _nameKey,
  moves: _moves,
  settledMoves: _settled,
  ...fields
}: ProductDocument): Product {
  return productSchema.parse({ ...fields, id: _id });
}

/** What the access rules made is no text of a caller: its operators are meant. */
function toMongo({ readable, ownerId, ids }: ProductScope): QueryFilter<ProductDocument> {
  const own = ownerId === undefined ? [] : [{ ownerId }];
  const named = ids === undefined ? [] : [{ _id: { $in: [...ids] } }];
  return trustFilter({
    $and: [readable.toMongo({ path: (field) => (field === 'id' ? '_id' : field) }), ...own, ...named],
  });
}
