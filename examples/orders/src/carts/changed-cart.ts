import { randomUUID } from 'node:crypto';
import type { Cart, CartLine } from './cart.ts';

/** The cart of a user who has none. It is kept with its first line. */
export function emptyCart(userId: string): Cart {
  const id = randomUUID();
  return { userId, id, firstId: id, lines: [] };
}

/** The cart with other lines, and so with another id. */
export function changedCart(cart: Cart, lines: readonly CartLine[]): Cart {
  return { ...cart, id: randomUUID(), lines };
}

/** What is left of a cart when these lines were ordered: a cart of its own, from which nothing was ordered yet. */
export function withoutLines(cart: Cart, ordered: readonly CartLine[]): Cart {
  const quantities = new Map(ordered.map(({ productId, quantity }) => [productId, quantity]));
  const rest = cart.lines
    .map((line) => ({ ...line, quantity: line.quantity - (quantities.get(line.productId) ?? 0) }))
    .filter(({ quantity }) => quantity > 0);
  return { ...emptyCart(cart.userId), lines: rest };
}
