import Link from 'next/link';
import { PageHeading } from '@sallyport/ui/page-heading';
import { access, requireAuth } from '@sallyport/nextjs/server';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import type { Metadata } from 'next';
import { pageNumber } from '../page-number.ts';
import { searchText } from '../search-text.ts';
import { orderLists } from './order.ts';
import { OrderList } from './order-list.tsx';

export const metadata: Metadata = { title: 'Orders' };

export default async function OrdersPage({ searchParams }: PageProps<'/orders'>) {
  await requireAuth({ permissions: ['order:read'] });
  const query = await searchParams;
  const maySeeAllOrders = (await access(shopPolicy)).canAny('oversee', 'Order');
  const isAll = maySeeAllOrders && searchText(query['all']) === '1';
  return (
    <div className="page-width space-y-8 py-10 lg:py-14">
      <PageHeading title={isAll ? 'All orders' : 'Your orders'}>
        {isAll
          ? 'Of every user. You may cancel those that are not paid.'
          : 'What you bought, at the prices of that moment.'}
      </PageHeading>
      {maySeeAllOrders ? (
        <ul aria-label="Lists of orders" className="flex gap-4 text-[0.9375rem]">
          <ListLink href={orderLists.buyer} words="Yours" isCurrent={!isAll} />
          <ListLink href={orderLists.administrator} words="All" isCurrent={isAll} />
        </ul>
      ) : null}
      <OrderList
        list={isAll ? 'administrator' : 'buyer'}
        page={pageNumber(searchText(query['page']))}
        empty={isAll ? 'No user has ordered yet.' : 'You have not ordered yet. Put products in your cart first.'}
      />
    </div>
  );
}

interface ListLinkProps {
  readonly href: string;
  readonly words: string;
  readonly isCurrent: boolean;
}

function ListLink({ href, words, isCurrent }: ListLinkProps) {
  return (
    <li>
      <Link
        href={href}
        aria-current={isCurrent ? 'true' : undefined}
        className={isCurrent ? 'font-medium' : 'text-link'}
      >
        {words}
      </Link>
    </li>
  );
}
