import { SallyportError, type Principal } from '@sallyport/nestjs';
import { Inject, Injectable } from '@nestjs/common';
import { OrderAccess } from '../orders/order-access.ts';
import type { Order } from '../orders/order.ts';
import { OrdersService } from '../orders/orders-service.ts';
import { ORDERS_STORE, type OrdersStore } from '../orders-store.ts';
import type { PaymentEvent, PaymentSucceeded } from './payment-event.ts';
import { PAYMENT_PROVIDER, type PaymentProvider } from './payment-provider.ts';

/** How often a payment is tried to be noted where its order changes at the same moment. */
const maxAttempts = 5;

/** Where the buyer pays. */
export interface PaymentStart {
  readonly url: string;
}

/** What became of an event: sender and operators read it in the answer. */
export interface PaymentNote {
  readonly result: 'paid' | 'known' | 'refund-due' | 'passed-over';
}

/** Payments: begun by the buyer, and noted when the provider says that there was one. */
@Injectable()
export class PaymentsService {
  readonly #store: OrdersStore;
  readonly #orders: OrdersService;
  readonly #access: OrderAccess;
  readonly #provider: PaymentProvider | undefined;

  constructor(
    @Inject(ORDERS_STORE) store: OrdersStore,
    @Inject(OrdersService) orders: OrdersService,
    @Inject(OrderAccess) access: OrderAccess,
    @Inject(PAYMENT_PROVIDER) provider: PaymentProvider | undefined,
  ) {
    this.#store = store;
    this.#orders = orders;
    this.#access = access;
    this.#provider = provider;
  }

  /** The id of the order is the provider's reference, for which it charges once. */
  async start(request: object, caller: Principal, id: string): Promise<PaymentStart> {
    const order = await this.#orders.find(caller, id);
    if (order.state !== 'open') throw new SallyportError('SP_CONFLICT', { reason: `order-is-${order.state}` });
    this.#access.requirePay(caller, order);
    if (this.#provider === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'payments-off' });
    await this.#orders.keepStock(request, order);
    return { url: this.#provider.linkTo(order, new Date()) };
  }

  /**
   * Notes a payment once, however often and in how many deliveries it is told.
   *
   * Rejects with `SP_NOT_FOUND` for an order that is not known, with `SP_VALIDATION_FAILED` for another amount, and with
   * `SP_CONFLICT` for a second charge: then the sender tells it again, and an operator sees it.
   */
  async note(event: PaymentEvent): Promise<PaymentNote> {
    if (event.type !== 'payment.succeeded') return { result: 'passed-over' };
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const order = await this.#store.findOrder(event.reference);
      if (order === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'payment-for-no-order' });
      requireAmount(event, order);
      if (order.chargeId === event.chargeId) return { result: 'known' };
      if (order.chargeId !== null) throw new SallyportError('SP_CONFLICT', { reason: 'order-charged-twice' });
      const state = order.state === 'open' ? 'paid' : 'refund-due';
      const { chargeId } = event;
      const updatedAt = new Date().toISOString();
      if (await this.#store.replaceOrder({ ...order, state, chargeId, updatedAt, version: order.version + 1 })) {
        return { result: state };
      }
    }
    throw new SallyportError('SP_CONFLICT', { reason: 'order-changes-too-often' });
  }
}

/** The signature proves who sent it, not that it is the price: a link of another order may have been paid. */
function requireAmount({ amountCents, currency }: PaymentSucceeded, order: Order): void {
  if (amountCents === order.totalCents && currency === order.currency) return;
  throw new SallyportError('SP_VALIDATION_FAILED', {
    reason: 'payment-of-another-amount',
    errors: [{ field: 'amountCents', message: 'This is not the sum of the order' }],
  });
}
