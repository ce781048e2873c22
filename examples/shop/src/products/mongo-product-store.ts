import { SallyportError } from '@sallyport/nestjs';
import {
  createConnection,
  Error as MongooseErrors,
  mongo,
  MongooseError,
  Schema,
  type Connection,
  type ConnectOptions,
} from 'mongoose';
import type { ProductStore } from './product-store.ts';
import { productIdSchema, productSchema, type Product, type ProductPageRequest } from './product.ts';
import { seedProducts } from './seed-products.ts';

export interface MongoProductStoreOptions {
  readonly url: string;
  /** @default the one that the address names, or else `shop` */
  readonly database?: string;
  /** How long a call waits for a server to send it to, and then for the answer. @default 1500 */
  readonly callMilliseconds?: number;
  /** How long the start waits for the database. @default 10 000 */
  readonly startMilliseconds?: number;
}

/** A product as MongoDB keeps it. */
interface ProductDocument extends Omit<Product, 'id'> {
  readonly _id: string;
  /** The name with A to Z in lower case: the order of the list, without a collation. */
  readonly nameKey: string;
}

interface StateDocument {
  readonly _id: string;
}

/** Where the address names no database. */
const defaultDatabase = 'shop';
const duplicateKey = 11_000;
const authenticationFailed = 18;
const seeded = 'seeded';

const text = { type: String, required: true } as const;
const fixedText = { ...text, immutable: true } as const;
const number = { type: Number, required: true } as const;
const strictly = { strict: 'throw', strictQuery: 'throw', autoCreate: false, autoIndex: false } as const;

const productDocumentSchema = new Schema<ProductDocument>(
  {
    _id: text,
    name: text,
    nameKey: text,
    description: { type: String, default: '' },
    priceCents: number,
    currency: text,
    stock: number,
    ownerId: fixedText,
    createdAt: fixedText,
    updatedAt: text,
    version: number,
  },
  { ...strictly, collection: 'products', versionKey: false },
);
for (const field of ['nameKey', 'priceCents', 'createdAt']) productDocumentSchema.index({ [field]: 1, _id: 1 });

const stateDocumentSchema = new Schema<StateDocument>(
  { _id: text },
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
export async function openMongoProductStore(options: MongoProductStoreOptions): Promise<ProductStore> {
  const { url, callMilliseconds = 1500, startMilliseconds = 10_000 } = options;
  const database = options.database ?? (namesDatabase(url) ? undefined : defaultDatabase);
  const connection = prepareConnection();
  const products = connection.model('Product', productDocumentSchema);
  const state = connection.model('State', stateDocumentSchema);
  try {
    await connect(connection, url, startMilliseconds, {
      ...(database === undefined ? {} : { dbName: database }),
      appName: 'shop',
      serverSelectionTimeoutMS: callMilliseconds,
      connectTimeoutMS: callMilliseconds,
      socketTimeoutMS: callMilliseconds,
      waitQueueTimeoutMS: callMilliseconds,
      // Confirmed means kept, also when the primary changes.
      writeConcern: { w: 'majority' },
    });
    await products.createIndexes();
    if ((await state.exists({ _id: seeded })) === null) {
      // Two shops that start together do the same; only then is it said to be done.
      for (const product of seedProducts(new Date())) await unlessTaken(products.create([toDocument(product)]));
      await unlessTaken(state.create([{ _id: seeded }]));
    }
  } catch (cause) {
    await connection.destroy().catch(() => undefined);
    throw new Error(`The shop cannot open its database: ${explain(cause)}`);
  }

  return {
    list: async ({ page, pageSize, sort }) =>
      answering(async () => {
        const [documents, total] = await Promise.all([
          products
            .find({})
            .sort(orderings[sort])
            .skip((page - 1) * pageSize)
            .limit(pageSize)
            .lean(),
          products.countDocuments({}),
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
    ping: async () =>
      answering(async () => {
        await products.exists({});
      }),
    close: () => connection.destroy(),
  };
}

/** Without buffering: a call that finds no connection fails at once instead of waiting in a queue without bounds. */
function prepareConnection(): Connection {
  const connection = createConnection();
  connection.set('bufferCommands', false);
  connection.set('sanitizeFilter', true);
  return connection;
}

/** A database that is still starting is waited for; one that refuses the shop is not. */
async function connect(
  connection: Connection,
  url: string,
  startMilliseconds: number,
  options: ConnectOptions,
): Promise<void> {
  const deadline = performance.now() + startMilliseconds;
  for (;;) {
    try {
      await connection.openUri(url, options);
      return;
    } catch (cause) {
      if (!isUnanswered(cause) || performance.now() > deadline) throw cause;
    }
  }
}

async function unlessTaken(insertion: Promise<unknown>): Promise<void> {
  try {
    await insertion;
  } catch (cause) {
    if (!isDuplicate(cause)) throw cause;
  }
}

function namesDatabase(url: string): boolean {
  return /^mongodb(?:\+srv)?:\/\/[^/]+\/[^?]/.test(url);
}

function toDocument(product: Product): ProductDocument {
  const { id, ...fields } = productSchema.parse(product);
  return { ...fields, _id: id, nameKey: fields.name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) };
}

function toProduct({ _id, nameKey: _nameKey, ...fields }: ProductDocument): Product {
  return productSchema.parse({ ...fields, id: _id });
}

/** A database that is away, silent or refuses is no mistake of the caller: 503, and never 401 or 500. */
async function answering<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (isDuplicate(cause)) throw new SallyportError('SP_CONFLICT', { cause });
    if (isDatabaseFault(cause)) throw new SallyportError('SP_STORE_UNAVAILABLE', { cause });
    throw cause;
  }
}

function isDuplicate(cause: unknown): boolean {
  return cause instanceof mongo.MongoServerError && cause.code === duplicateKey;
}

/** Every error of the driver; of Mongoose only the one that says that there is no connection, not one about a value. */
function isDatabaseFault(cause: unknown): boolean {
  return cause instanceof mongo.MongoError || (cause instanceof MongooseError && cause.constructor === MongooseError);
}

function isUnanswered(cause: unknown): boolean {
  return (
    cause instanceof MongooseErrors.MongooseServerSelectionError ||
    cause instanceof mongo.MongoServerSelectionError ||
    cause instanceof mongo.MongoNetworkError
  );
}

/** The messages of the driver may carry the address, and with it a password. */
function explain(cause: unknown): string {
  if (isUnanswered(cause)) return 'no MongoDB answers at MONGODB_URL';
  if (cause instanceof mongo.MongoServerError) {
    return cause.code === authenticationFailed
      ? 'MongoDB refuses the credentials of MONGODB_URL'
      : `MongoDB refuses (${cause.codeName ?? cause.code})`;
  }
  if (!(cause instanceof Error)) return 'for a reason that is not known';
  // By name: the driver has this class from another package, which does not give it away.
  if (cause.name === 'MongoParseError') return 'MONGODB_URL is not an address that the MongoDB driver understands';
  return cause.name;
}
