/** A product as it was sold. */
export interface OrderLine {
  readonly productId: string;
  readonly name: string;
  readonly quantity: number;
  readonly priceCents: number;
  readonly currency: string;
}

/** An order, as the service of orders shows it to the person who asks. */
export interface Order {
  readonly id: string;
  readonly state: 'open' | 'paid' | 'cancelled' | 'refund-due';
  readonly lines: readonly OrderLine[];
  readonly totalCents: number;
  readonly currency: string;
  readonly createdAt: string;
  readonly seenAs: 'buyer' | 'vendor' | 'administrator';
  readonly buyerId?: string;
}

/** One page of a list of orders. */
export interface OrderPage {
  readonly items: readonly Order[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}

/** Which list: what one bought, what was bought of one, or all. */
export type OrderList = Order['seenAs'];

/** Where the page of each list is. */
export const orderLists: Readonly<Record<OrderList, string>> = {
  buyer: '/orders',
  vendor: '/sales',
  administrator: '/orders?all=1',
};

/** The start of the id, by which people tell orders apart. */
export function orderNumber({ id }: Pick<Order, 'id'>): string {
  return id.slice(0, 8).toUpperCase();
}
