import { Schema, type Connection } from 'mongoose';
import type { Product } from './product.ts';

/** A product as MongoDB keeps it. */
export interface ProductDocument extends Omit<Product, 'id'> {
  readonly _id: string;
  /** The name with A to Z in lower case: the order of the list, without a collation. */
  readonly nameKey: string;
  /** Which holds are changing the stock: each does so once. */
  readonly moves?: readonly string[];
  /** Those of late that are through with it. */
  readonly settledMoves?: readonly string[];
}

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
    status: text,
    moves: { type: [String], default: undefined },
    settledMoves: { type: [String], default: undefined },
    ownerId: fixedText,
    createdAt: fixedText,
    updatedAt: text,
    version: number,
  },
  { ...strictly, collection: 'products', versionKey: false },
);
for (const field of ['nameKey', 'priceCents', 'createdAt', 'ownerId'])
  productDocumentSchema.index({ [field]: 1, _id: 1 });

/** The collection of products. */
export function productModel(connection: Connection) {
  return connection.model('Product', productDocumentSchema);
}

export type ProductModel = ReturnType<typeof productModel>;
