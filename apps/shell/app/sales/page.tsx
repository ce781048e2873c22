import Link from 'next/link';
import { PageHeading } from '@sallyport/ui/page-heading';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { OrderList } from '../orders/order-list.tsx';
import { pageNumber } from '../page-number.ts';
import { searchText } from '../search-text.ts';

export const metadata: Metadata = { title: 'Sales' };

export default async function SalesPage({ searchParams }: PageProps<'/sales'>) {
  await requireAuth({ permissions: ['order:read-sales'] });
  const query = await searchParams;
  return (
    <div className="page-width space-y-8 py-10 lg:py-14">
      <PageHeading title="Your sales">
        Orders that contain your products: your lines of them, and their sum. Who bought is not shown.
      </PageHeading>
      <ul className="flex flex-wrap gap-x-6 gap-y-2 text-[0.9375rem]">
        <li>
          <Link href="/products?of=me" className="text-link">
            Your products
          </Link>
        </li>
        <li>
          <Link href="/payout" className="text-link">
            Where you are paid
          </Link>
        </li>
      </ul>
      <OrderList list="vendor" page={pageNumber(searchText(query['page']))} empty="Nothing of yours was ordered yet." />
    </div>
  );
}
