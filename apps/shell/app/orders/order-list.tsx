import Link from 'next/link';
import { buttonClass } from '@sallyport/ui/button';
import { ListSkeleton } from '@sallyport/ui/skeleton';
import { Suspense } from 'react';
import { loadFromService } from '../load-from-service.ts';
import { formatPrice } from '../products/product.ts';
import { ShopUnavailable } from '../products/shop-unavailable.tsx';
import { orderLists, orderNumber, type Order, type OrderList as ListName, type OrderPage } from './order.ts';
import { OrderState } from './order-state.tsx';

interface OrderListProps {
  readonly list: ListName;
  readonly page: number;
  /** Stands where there is no order yet. */
  readonly empty: string;
}

const pageSize = 10;

/** One page of a list of orders. The page around it does not wait for the service. */
export function OrderList(props: OrderListProps) {
  return (
    <Suspense fallback={<ListSkeleton label="Waiting for the orders…" rows={4} />}>
      <LoadedOrders {...props} />
    </Suspense>
  );
}

async function LoadedOrders({ list, page, empty }: OrderListProps) {
  const loaded = await loadFromService<OrderPage>(`/api/orders/orders?as=${list}&page=${page}&pageSize=${pageSize}`);
  if (loaded.kind === 'unavailable') return <ShopUnavailable title={loaded.title} requestId={loaded.requestId} />;
  const { items, total } = loaded.value;
  if (items.length === 0) {
    return (
      <p className="rounded-card border border-dashed border-line-strong p-10 text-center text-ink-soft">{empty}</p>
    );
  }
  return (
    <div className="space-y-6">
      <p className="text-ink-soft">{total === 1 ? '1 order' : `${total} orders`}</p>
      <ul className="divide-y divide-line rounded-card border border-line bg-surface">
        {items.map((order) => (
          <OrderRow key={order.id} order={order} />
        ))}
      </ul>
      <Pages list={list} page={page} total={total} />
    </div>
  );
}

function OrderRow({ order }: { readonly order: Order }) {
  const { id, lines, state, totalCents, currency, createdAt } = order;
  return (
    <li className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-1 px-5 py-4">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-semibold">
          <Link href={`/orders/${id}`} className="text-link">
            Order {orderNumber(order)}
          </Link>
          <OrderState state={state} />
        </p>
        <p className="text-[0.9375rem] text-ink-soft">
          {lines.map(({ name, quantity }) => (quantity === 1 ? name : `${quantity} × ${name}`)).join(', ')}
        </p>
      </div>
      <div className="text-right tabular-nums">
        <p className="font-semibold">{formatPrice({ priceCents: totalCents, currency })}</p>
        <time dateTime={createdAt} className="text-sm text-ink-soft">
          {new Date(createdAt).toLocaleDateString('en', { day: 'numeric', month: 'short', timeZone: 'UTC' })}
        </time>
      </div>
    </li>
  );
}

function Pages({ list, page, total }: { readonly list: ListName; readonly page: number; readonly total: number }) {
  const pages = Math.ceil(total / pageSize);
  if (pages <= 1) return null;
  const at = (number: number): string => `${orderLists[list]}${list === 'administrator' ? '&' : '?'}page=${number}`;
  const look = buttonClass({ size: 'small' });
  return (
    <nav aria-label="Pages of orders" className="flex items-center justify-between gap-4">
      {page > 1 ? (
        <Link href={at(page - 1)} className={look}>
          Newer<span className="sr-only"> orders</span>
        </Link>
      ) : (
        <span />
      )}
      <p className="text-sm text-ink-soft tabular-nums">
        Page {page} of {pages}
      </p>
      {page < pages ? (
        <Link href={at(page + 1)} className={look}>
          Older<span className="sr-only"> orders</span>
        </Link>
      ) : (
        <span />
      )}
    </nav>
  );
}
