import { PageHeading } from '@sallyport/ui/page-heading';
import { ListSkeleton } from '@sallyport/ui/skeleton';
import { access, requireAuth } from '@sallyport/nextjs/server';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import type { Metadata } from 'next';
import { Suspense } from 'react';
import { pageNumber } from '../page-number.ts';
import { searchText } from '../search-text.ts';
import { pageSize } from './load-products.ts';
import { OwnershipLinks } from './ownership-links.tsx';
import { Attempts, ProductList } from './product-list.tsx';
import { YourPermissions } from './your-permissions.tsx';

export const metadata: Metadata = { title: 'Products' };

export default async function ProductsPage({ searchParams }: PageProps<'/products'>) {
  // In front of every boundary: what is refused here still has its status and its redirect.
  const caller = await requireAuth({ permissions: ['product:read'] });
  const query = await searchParams;
  const maySell = (await access(shopPolicy)).canAny('create', 'Product');
  const isOwn = maySell && searchText(query['of']) === 'me';
  const list = {
    page: pageNumber(searchText(query['page'])),
    view: { order: searchText(query['order']) === 'newest' ? 'newest' : 'name', isOwn },
    userId: caller.userId,
  } as const;

  return (
    <div className="page-width space-y-10 py-10 lg:py-14">
      <PageHeading title={isOwn ? 'Your products' : 'Products'}>
        They come from the shop, a NestJS service. It got a token that says who you are and what you may do.
      </PageHeading>
      <div className="grid items-start gap-8 lg:grid-cols-[1fr_19rem] lg:gap-12">
        <div className="min-w-0 space-y-6">
          {maySell ? <OwnershipLinks view={list.view} /> : null}
          <Suspense fallback={<ListSkeleton label="Waiting for the shop…" rows={pageSize} />}>
            <ProductList {...list} />
          </Suspense>
        </div>
        <aside className="space-y-8 lg:sticky lg:top-24" aria-label="Your access">
          <YourPermissions roles={caller.roles} permissions={caller.permissions} />
          <Suspense>
            <Attempts {...list} />
          </Suspense>
        </aside>
      </div>
    </div>
  );
}
