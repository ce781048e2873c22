import * as z from 'zod';

const maxLines = 50;
const maxQuantity = 99;

const heldQuantitySchema = z.strictObject({ productId: z.uuid(), quantity: z.int().min(1).max(maxQuantity) });

/** What an order takes out of stock. The id is that of the order, so that it is taken once. */
export const newHoldSchema = z.strictObject({
  id: z.uuid(),
  lines: z
    .array(heldQuantitySchema)
    .min(1)
    .max(maxLines)
    .refine(
      (lines) => new Set(lines.map(({ productId }) => productId)).size === lines.length,
      'Name each product once',
    ),
});

export const holdIdSchema = z.string();

/** Which hold, as the path says it. */
export const holdPathSchema = z.strictObject({ id: z.uuid() });

export type NewHold = z.infer<typeof newHoldSchema>;
export type HoldPath = z.infer<typeof holdPathSchema>;

/** What became of the wish to keep a hold. */
export interface HoldConfirmation {
  /** `false`: its time was over, or it was given back. What it held may be sold to another buyer by now. */
  readonly isKept: boolean;
}

/** A line of a hold: the product as it was sold, whatever becomes of it later. */
export interface HeldLine {
  readonly productId: string;
  readonly name: string;
  readonly ownerId: string;
  readonly quantity: number;
  readonly priceCents: number;
  readonly currency: 'EUR' | 'USD' | 'GBP';
}

/** A quantity that was taken out of stock for an order. */
export interface Hold {
  /** That of the order. */
  readonly id: string;
  /** Subject id of the user who buys. */
  readonly buyerId: string;
  readonly lines: readonly HeldLine[];
}

/**
 * `held` has the lines of the first call with this id; `short` the product of which too little is left, that is not on sale,
 * or not at this price.
 */
export type HoldOutcome =
  { readonly kind: 'held'; readonly hold: Hold } | { readonly kind: 'short'; readonly productId: string };

/** A hold as it is kept: what is read has to look like this, whatever the database. */
export const heldLinesSchema = z.array(
  z.strictObject({
    productId: z.string(),
    name: z.string(),
    ownerId: z.string(),
    quantity: z.int().min(1),
    priceCents: z.int().min(0),
    currency: z.enum(['EUR', 'USD', 'GBP']),
  }),
);
