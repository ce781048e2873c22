import { SallyportAccess, SallyportError, type Principal } from '@sallyport/nestjs';
import type { AccessFilter } from '@sallyport/policy';
import { Inject, Injectable } from '@nestjs/common';
import type { Order, OrderLine, OrderPageRequest, ShownOrder } from './order.ts';

/** What each list asks the policy file for. */
const actions = { buyer: 'read', vendor: 'sell', administrator: 'oversee' } as const satisfies Record<
  OrderPageRequest['as'],
  string
>;

/** Asks the policy file who sees what of an order. The one thing that it cannot say is which lines are whose. */
@Injectable()
export class OrderAccess {
  readonly #access: SallyportAccess;

  constructor(@Inject(SallyportAccess) access: SallyportAccess) {
    this.#access = access;
  }

  /** The orders of a list. Rejects with `SP_FORBIDDEN` where it holds nothing for this caller, whatever there is. */
  filter(caller: Principal, as: OrderPageRequest['as']): AccessFilter {
    const filter = this.#access.filter(caller, actions[as], 'Order');
    if (filter.scope === 'none') throw new SallyportError('SP_FORBIDDEN', { reason: `no-orders-as-${as}` });
    return filter;
  }

  /** The order itself. Rejects with `SP_NOT_FOUND` where the caller may not know that it exists. */
  find(caller: Principal, order: Order | undefined): Order {
    return this.#access.assert(caller, 'read', 'Order', order, { onDeny: 404 });
  }

  /**
   * The order as the caller may see it: a vendor sees their own lines and their sum, and not who bought. A buyer who sells
   * as well sees the whole of what they bought.
   *
   * @throws SallyportError `SP_NOT_FOUND` where they may not know that it exists.
   */
  show(caller: Principal, order: Order | undefined): ShownOrder {
    const found = this.find(caller, order);
    const isWhole = this.#access.can(caller, 'read', 'Order', found, 'buyerId');
    const own = isWhole ? found.lines : found.lines.filter(({ ownerId }) => ownerId === caller.id);
    const { id, state, currency, createdAt } = found;
    const masked = this.#access.of(caller).mask('read', 'Order', { ...found, lines: own, totalCents: totalOf(own) });
    const seenAs = found.buyerId === caller.id ? 'buyer' : isWhole ? 'administrator' : 'vendor';
    return { ...masked, id, state, lines: own, totalCents: totalOf(own), currency, createdAt, seenAs };
  }

  requirePay(caller: Principal, order: Order): void {
    this.#access.assert(caller, 'pay', 'Order', order);
  }

  /** One that is cancelled already may be asked for again, by whom it could be cancelled: it does what was left undone. */
  requireCancel(caller: Principal, order: Order): void {
    this.#access.assert(caller, 'cancel', 'Order', { ...order, state: 'open' });
  }
}

export function totalOf(lines: readonly OrderLine[]): number {
  return lines.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);
}
