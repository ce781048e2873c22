import type { AccessFilter } from '@sallyport/policy';
import type { Cart } from './carts/cart.ts';
import type { Order, OrderPageRequest } from './orders/order.ts';
import type { Payout } from './payouts/payout.ts';

/** Injects the store of carts, orders and payout data. */
export const ORDERS_STORE = Symbol('orders:store');

/** Which page of it. */
export type StoredPageRequest = Omit<OrderPageRequest, 'as'>;

/** Which orders a list is made of. */
export interface OrderScope {
  /** By the policy file: those that the caller may see. */
  readonly readable: Pick<AccessFilter, 'toSql' | 'toMongo'>;
  /** The orders of this buyer alone. */
  readonly buyerId?: string;
}

export interface StoredOrderPage {
  readonly items: readonly Order[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}

/**
 * Where carts, orders and payout data are kept. Whatever keeps them: every method rejects with `SP_STORE_UNAVAILABLE` when
 * the database is locked, full, gone or silent, and what does not look like an order is neither written nor read.
 */
export interface OrdersStore {
  findCart(userId: string): Promise<Cart | undefined>;
  /** Puts a cart in the place of the one of that id; without one, where there is none. `false` when it changed meanwhile. */
  putCart(cart: Cart, before?: string): Promise<boolean>;
  /** Removes the cart of that id; another one that took its place stays, and the answer is `false`. */
  removeCart(userId: string, cartId: string): Promise<boolean>;
  /** Rejects with `SP_CONFLICT` when there is an order of that id. */
  insertOrder(order: Order): Promise<void>;
  findOrder(id: string): Promise<Order | undefined>;
  /** The newest first. */
  listOrders(request: StoredPageRequest, scope: OrderScope): Promise<StoredOrderPage>;
  countOpenOrders(buyerId: string): Promise<number>;
  /** Replaces state and charge of the version before this one; `false` when it changed meanwhile. Nothing else ever changes. */
  replaceOrder(order: Order): Promise<boolean>;
  findPayout(vendorId: string): Promise<Payout | undefined>;
  putPayout(payout: Payout): Promise<void>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
