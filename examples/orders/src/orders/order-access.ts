import { SallyportError, type Principal } from '@sallyport/nestjs';
import type { Order, OrderLine, OrderPageRequest, ShownOrder } from './order.ts';

/** The orders of a list that a caller may see, for each kind of store. */
export interface OrderFilter {
  /** For a `WHERE` clause: what a caller said stands in the parameters alone. */
  toSql(): { readonly text: string; readonly parameters: readonly string[] };
  toMongo(): Readonly<Record<string, unknown>>;
}

/** Administrators see every order, vendors those that contain their products, users their own. */
export function readableOrders(caller: Principal): OrderFilter {
  if (mayReadAny(caller)) return { toSql: () => ({ text: '(1 = 1)', parameters: [] }), toMongo: () => ({}) };
  if (!mayReadSales(caller)) {
    return {
      toSql: () => ({ text: '("buyerId" = ?)', parameters: [caller.id] }),
      toMongo: () => ({ buyerId: caller.id }),
    };
  }
  return {
    toSql: () => ({
      text: '("buyerId" = ? OR EXISTS (SELECT 1 FROM json_each("vendorIds") WHERE value = ?))',
      parameters: [caller.id, caller.id],
    }),
    toMongo: () => ({ $or: [{ buyerId: caller.id }, { vendorIds: caller.id }] }),
  };
}

/**
 * The order as the caller may see it; `undefined` where they may not know that it exists. A buyer who sells as well sees
 * the whole of what they bought.
 */
export function toShownOrder(caller: Principal, order: Order): ShownOrder | undefined {
  const { id, state, lines, totalCents, currency, createdAt, buyerId } = order;
  const whole = { id, state, lines, totalCents, currency, createdAt, buyerId };
  if (buyerId === caller.id) return { ...whole, seenAs: 'buyer' };
  if (mayReadAny(caller)) return { ...whole, seenAs: 'administrator' };
  if (!mayReadSales(caller) || !order.vendorIds.includes(caller.id)) return undefined;
  const own = lines.filter(({ ownerId }) => ownerId === caller.id);
  return { id, state, lines: own, totalCents: totalOf(own), currency, createdAt, seenAs: 'vendor' };
}

/** @throws SallyportError `SP_FORBIDDEN` for a list that is not the caller's to see. */
export function requireList(caller: Principal, as: OrderPageRequest['as']): void {
  if (as === 'buyer' || (as === 'vendor' ? mayReadSales(caller) : mayReadAny(caller))) return;
  throw new SallyportError('SP_FORBIDDEN', { reason: `not-an-order-list-of-the-${as}` });
}

/** The buyer alone pays. */
export function mayPay(caller: Principal, order: Order): boolean {
  return order.buyerId === caller.id;
}

/** The buyer cancels, and who looks after all orders. */
export function mayCancel(caller: Principal, order: Order): boolean {
  return order.buyerId === caller.id || caller.permissions.includes('order:cancel-any');
}

export function totalOf(lines: readonly OrderLine[]): number {
  return lines.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);
}

function mayReadSales(caller: Principal): boolean {
  return caller.permissions.includes('order:read-sales');
}

function mayReadAny(caller: Principal): boolean {
  return caller.permissions.includes('order:read-any');
}
