import * as z from 'zod';

/** How many products a cart holds. */
export const maxCartLines = 50;

const quantity = z.int().min(1).max(99);

/** Which product, as the path says it. */
export const cartItemPathSchema = z.strictObject({ productId: z.uuid() });

/** How many of it. The price is never part of it: the service of products says it. */
export const cartItemSchema = z.strictObject({ quantity });

export const cartLinesSchema = z.array(z.strictObject({ productId: z.string(), quantity })).max(maxCartLines);

export type CartItemPath = z.infer<typeof cartItemPathSchema>;
export type CartItem = z.infer<typeof cartItemSchema>;

export interface CartLine {
  readonly productId: string;
  readonly quantity: number;
}

/** What a user means to buy. */
export interface Cart {
  readonly userId: string;
  /**
   * Another one with every change: it says what is in the cart. It becomes the id of the order, so that a cart is ordered
   * once, and as it was shown.
   */
  readonly id: string;
  /** The id with which it began, through all of its changes. */
  readonly firstId: string;
  readonly lines: readonly CartLine[];
}

/** A line with its product as it is sold now; `null` where it is no longer on sale. */
export interface ShownCartLine extends CartLine {
  readonly product: {
    readonly name: string;
    readonly priceCents: number;
    readonly currency: string;
    readonly stock: number;
  } | null;
}

export interface ShownCart {
  readonly id: string;
  readonly lines: readonly ShownCartLine[];
}
