/** A cart, as the service of orders shows it. */
export interface Cart {
  readonly id: string;
  readonly lines: readonly CartLine[];
}

/** A product and how many of it; without a product where it is no longer on sale. */
export interface CartLine {
  readonly productId: string;
  readonly quantity: number;
  readonly product: {
    readonly name: string;
    readonly priceCents: number;
    readonly currency: string;
    readonly stock: number;
  } | null;
}

/** The most that can be ordered of one product. */
export const maxQuantity = 99;
