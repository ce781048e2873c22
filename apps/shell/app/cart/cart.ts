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

/** A sum in one currency. */
export interface Total {
  readonly priceCents: number;
  readonly currency: string;
}

/** What the lines cost, one sum for each currency. What is no longer on sale costs nothing. */
export function totalsOf(lines: readonly CartLine[]): readonly Total[] {
  const cents = new Map<string, number>();
  for (const { product, quantity } of lines) {
    if (product === null) continue;
    cents.set(product.currency, (cents.get(product.currency) ?? 0) + product.priceCents * quantity);
  }
  return [...cents].map(([currency, priceCents]) => ({ priceCents, currency }));
}

/** The most that can be ordered of one product. */
export const maxQuantity = 99;
