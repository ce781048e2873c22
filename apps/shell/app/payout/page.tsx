import { PageHeading } from '@sallyport/ui/page-heading';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { loadFromService } from '../load-from-service.ts';
import { ShopUnavailable } from '../products/shop-unavailable.tsx';
import { PayoutForm, type ShownPayout } from './payout-form.tsx';

export const metadata: Metadata = { title: 'Payout' };

export default async function PayoutPage() {
  await requireAuth({ permissions: ['payout:update'] });
  const loaded = await loadFromService<{ readonly payout: ShownPayout | null }>('/api/orders/payout');
  return (
    <div className="page-width space-y-8 py-10 lg:py-14">
      <PageHeading title="Where you are paid">
        A change of this could send your money elsewhere, so it asks who you are once more.
      </PageHeading>
      {loaded.kind === 'unavailable' ? (
        <ShopUnavailable title={loaded.title} requestId={loaded.requestId} />
      ) : (
        <PayoutForm payout={loaded.value.payout} />
      )}
    </div>
  );
}
