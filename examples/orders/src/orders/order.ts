import * as z from 'zod';

export const orderIdSchema = z.string();
const currency = z.enum(['EUR', 'USD', 'GBP']);

/** `refund-due`: it was paid after it had been cancelled. */
export const orderStates = ['open', 'paid', 'cancelled', 'refund-due'] as const;

const orderLineSchema = z
  .strictObject({
    productId: z.string(),
    name: z.string(),
    ownerId: z.string(),
    quantity: z.int().min(1),
    priceCents: z.int().min(0),
    currency,
  })
  .readonly();

/** An order as it is kept: what is written and what is read has to look like this, whatever the database. */
export const orderSchema = z
  .strictObject({
    id: orderIdSchema,
    buyerId: z.string().min(1),
    state: z.enum(orderStates),
    lines: z.array(orderLineSchema).min(1).readonly(),
    vendorIds: z.array(z.string()).readonly(),
    totalCents: z.int().min(0),
    currency,
    chargeId: z.string().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    version: z.int().min(1),
  })
  .readonly();

/** Which cart is ordered. One that is ordered already gives its order again. */
export const newOrderSchema = z.strictObject({ cartId: z.uuid() });

/** Which order, as the path says it. */
export const orderPathSchema = z.strictObject({ id: z.uuid() });

/** Which page of which list: what one bought, what was bought of one, or all. */
export const orderPageSchema = z.strictObject({
  as: z.enum(['buyer', 'vendor', 'administrator']).default('buyer'),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
});

export type NewOrder = z.infer<typeof newOrderSchema>;
export type OrderPath = z.infer<typeof orderPathSchema>;
export type OrderPageRequest = z.infer<typeof orderPageSchema>;

/** A product as it was sold. Later changes of the product leave it as it is. */
export type OrderLine = z.infer<typeof orderLineSchema>;

/** What a user bought, at the prices of that moment. */
export type Order = z.infer<typeof orderSchema>;

/** An order as a caller may see it, by the policy file: fields that are not theirs are left out. */
export type ShownOrder = Partial<Order> &
  Pick<Order, 'id' | 'state' | 'lines' | 'totalCents' | 'currency' | 'createdAt'> & {
    readonly seenAs: 'buyer' | 'vendor' | 'administrator';
  };

export interface OrderPage {
  readonly items: readonly ShownOrder[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}
