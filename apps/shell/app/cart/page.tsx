import { PageHeading } from '@sallyport/ui/page-heading';
import { ListSkeleton } from '@sallyport/ui/skeleton';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { Suspense } from 'react';
import { loadFromService } from '../load-from-service.ts';
import { ShopUnavailable } from '../products/shop-unavailable.tsx';
import type { Cart } from './cart.ts';
import { CartLines } from './cart-lines.tsx';

export const metadata: Metadata = { title: 'Cart' };

export default async function CartPage() {
  await requireAuth({ permissions: ['order:create'] });
  return (
    <div className="page-width space-y-8 py-10 lg:py-14">
      <PageHeading title="Your cart">
        The service of orders asked the one of products for these prices, as you. They count when you order.
      </PageHeading>
      <Suspense fallback={<ListSkeleton label="Waiting for the cart…" rows={3} />}>
        <LoadedCart />
      </Suspense>
    </div>
  );
}

async function LoadedCart() {
  const loaded = await loadFromService<Cart>('/api/orders/cart');
  if (loaded.kind === 'unavailable') return <ShopUnavailable title={loaded.title} requestId={loaded.requestId} />;
  return <CartLines cart={loaded.value} />;
}
