import { createHmac } from 'node:crypto';
import type { Order } from '../orders/order.ts';

/** Injects where orders are paid; `undefined` where no provider is configured. */
export const PAYMENT_PROVIDER = Symbol('orders:payment-provider');

export interface PaymentProviderOptions {
  /** Page of the provider on which people pay. */
  readonly url: string;
  /** The merchant's key at the provider. */
  readonly key: string;
  /** Where people come back to. */
  readonly publicUrl: string;
}

/** Leads people to the page of a payment provider. Money moves there; that it did is told by its webhook alone. */
export interface PaymentProvider {
  linkTo(order: Pick<Order, 'id' | 'totalCents' | 'currency'>, now: Date): string;
}

/** How long a link may be paid, in milliseconds. */
const linkMilliseconds = 30 * 60_000;

/** Signs links with HMAC-SHA256 over their query, so that no amount can be changed on the way through the browser. */
export function createPaymentProvider({ url, key, publicUrl }: PaymentProviderOptions): PaymentProvider {
  return {
    linkTo({ id, totalCents, currency }, now) {
      const query = new URLSearchParams({
        reference: id,
        amountCents: String(totalCents),
        currency,
        returnTo: `${publicUrl}/orders/${id}`,
        expires: String(Math.floor((now.getTime() + linkMilliseconds) / 1000)),
      }).toString();
      const signature = createHmac('sha256', key).update(query).digest('base64url');
      return `${url}?${query}&signature=${signature}`;
    },
  };
}
