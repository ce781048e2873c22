import * as z from 'zod';

const name = z.string().trim().min(1).max(120);
const description = z.string().trim().max(2000);
const priceCents = z.int().min(0).max(100_000_000);
const currency = z.enum(['EUR', 'USD', 'GBP']);
const stock = z.int().min(0).max(1_000_000);
const status = z.enum(['draft', 'published']);

/** What a vendor says of a new product. The owner is never part of it: it is the signed-in user. */
export const newProductSchema = z.strictObject({
  name,
  description: description.default(''),
  priceCents,
  currency: currency.default('EUR'),
  stock: stock.default(0),
  status: status.default('published'),
});

/** What may change of a product: any of these, at least one. */
export const productChangeSchema = z
  .strictObject({ name, description, priceCents, currency, stock, status })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Change at least one field');

export const productIdSchema = z.string();

/** A product as it is kept: what is written and what is read has to look like this, whatever the database. */
export const productSchema = z
  .strictObject({
    id: productIdSchema,
    name,
    description,
    priceCents,
    currency,
    // What an order gave back may be more than a vendor could enter.
    stock: z.int().min(0),
    status,
    ownerId: z.string().min(1),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    version: z.int().min(1),
  })
  .readonly();

/** Which page of the list. */
export const productPageSchema = z.strictObject({
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
  /** `me`: those that the caller owns, drafts among them. */
  of: z.enum(['all', 'me']).default('all'),
  /** These alone, with commas in between. */
  ids: z
    .string()
    .transform((ids) => ids.split(','))
    .pipe(z.array(z.uuid()).max(100))
    .optional(),
  sort: z.enum(['name', '-name', 'priceCents', '-priceCents', 'createdAt', '-createdAt']).default('name'),
});

/** Which product, as the path says it. */
export const productPathSchema = z.strictObject({ id: z.uuid() });

export type NewProduct = z.infer<typeof newProductSchema>;
export type ProductChange = z.infer<typeof productChangeSchema>;
export type ProductPath = z.infer<typeof productPathSchema>;
export type ProductPageRequest = z.infer<typeof productPageSchema>;

/** Something for sale. Times are ISO 8601 texts. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly priceCents: number;
  readonly currency: 'EUR' | 'USD' | 'GBP';
  readonly stock: number;
  /** A draft is seen by its owner and by administrators alone. */
  readonly status: 'draft' | 'published';
  /** Subject id of the vendor. */
  readonly ownerId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Grows by one with every change. */
  readonly version: number;
}

export interface ProductPage {
  readonly items: readonly Product[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}
