import Link from 'next/link';
import { Card } from '@sallyport/ui/card';
import { PageHeading } from '@sallyport/ui/page-heading';
import { access, ProblemError, requireAuth } from '@sallyport/nextjs/server';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { loadFromService } from '../../load-from-service.ts';
import { formatPrice } from '../../products/product.ts';
import { ShopUnavailable } from '../../products/shop-unavailable.tsx';
import { orderLists, orderNumber, type Order } from '../order.ts';
import { OrderState } from '../order-state.tsx';
import { OrderActions } from './order-actions.tsx';

export const metadata: Metadata = { title: 'Order' };

const words: Readonly<Record<Order['seenAs'], { readonly text: string; readonly back: string }>> = {
  buyer: { text: 'What you bought, at the prices of that moment.', back: 'Your orders' },
  vendor: { text: 'Your lines of it. Who bought, and what else, is not shown to vendors.', back: 'Your sales' },
  administrator: { text: 'Of another user. You see all of it.', back: 'All orders' },
};

export default async function OrderPage({ params }: PageProps<'/orders/[id]'>) {
  await requireAuth({ permissions: ['order:read'] });
  const loaded = await loadOrder((await params).id);
  if (loaded.kind === 'unavailable') {
    return (
      <div className="page-width py-10 lg:py-14">
        <ShopUnavailable title={loaded.title} requestId={loaded.requestId} />
      </div>
    );
  }
  const order = loaded.value;
  const { text, back } = words[order.seenAs];
  const mine = await access(shopPolicy);
  const mayPay = mine.can('pay', 'Order', order);
  const mayCancel = mine.can('cancel', 'Order', order);
  return (
    <div className="page-width space-y-8 py-10 lg:py-14">
      <PageHeading title={`Order ${orderNumber(order)}`}>{text}</PageHeading>
      <Card className="max-w-2xl">
        <div className="flex flex-wrap items-center justify-between gap-3 px-5 pt-5">
          <OrderState state={order.state} />
          <time dateTime={order.createdAt} className="text-sm text-ink-soft">
            {new Date(order.createdAt).toLocaleString('en', {
              dateStyle: 'medium',
              timeStyle: 'short',
              timeZone: 'UTC',
            })}{' '}
            UTC
          </time>
        </div>
        <OrderLines order={order} />
        {mayPay || mayCancel ? <OrderActions id={order.id} mayPay={mayPay} mayCancel={mayCancel} /> : null}
      </Card>
      <p>
        <Link href={orderLists[order.seenAs]} className="text-link">
          {back}
        </Link>
      </p>
    </div>
  );
}

function OrderLines({ order }: { readonly order: Order }) {
  const { lines, totalCents, currency, seenAs } = order;
  return (
    <table className="mt-3 w-full text-left">
      <caption className="sr-only">Products of this order</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">Product</th>
          <th scope="col">Price</th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line border-y border-line">
        {lines.map(({ productId, name, quantity, priceCents, currency: own }) => (
          <tr key={productId}>
            <td className="px-5 py-3">
              {name}
              <span className="block text-sm text-ink-soft">
                {quantity} × {formatPrice({ priceCents, currency: own })}
              </span>
            </td>
            <td className="px-5 py-3 text-right align-top tabular-nums">
              {formatPrice({ priceCents: priceCents * quantity, currency: own })}
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr className="font-semibold">
          <th scope="row" className="px-5 py-4">
            {seenAs === 'vendor' ? 'Your part' : 'Total'}
          </th>
          <td className="px-5 py-4 text-right tabular-nums">{formatPrice({ priceCents: totalCents, currency })}</td>
        </tr>
      </tfoot>
    </table>
  );
}

/** An id that is none, and an order that one may not see, are the same page: not found. */
async function loadOrder(id: string): ReturnType<typeof loadFromService<Order>> {
  try {
    return await loadFromService<Order>(`/api/orders/orders/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error instanceof ProblemError && (error.status === 404 || error.status === 422)) notFound();
    throw error;
  }
}
