import { PageHeading } from '@sallyport/ui/page-heading';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { searchText } from '../search-text.ts';
import { toAbilities } from './abilities.ts';
import { loadProducts } from './load-products.ts';
import { Paging } from './paging.tsx';
import { Products } from './products.tsx';
import { ShopUnavailable } from './shop-unavailable.tsx';
import { TryItAnyway } from './try-it-anyway.tsx';
import { YourPermissions } from './your-permissions.tsx';

export const metadata: Metadata = { title: 'Products' };

export default async function ProductsPage({ searchParams }: PageProps<'/products'>) {
  const caller = await requireAuth({ permissions: ['product:read'] });
  const query = await searchParams;
  const order = searchText(query['order']) === 'newest' ? 'newest' : 'name';
  const products = await loadProducts(pageNumber(searchText(query['page'])), order);
  const abilities = toAbilities(caller.userId, caller.permissions);

  return (
    <div className="page-width space-y-10 py-10 lg:py-14">
      <PageHeading title="Products">
        They come from the shop, a NestJS service. It got a token that says who you are and what you may do.
      </PageHeading>
      <div className="grid items-start gap-8 lg:grid-cols-[1fr_19rem] lg:gap-12">
        <div className="min-w-0 space-y-6">
          {products.kind === 'unavailable' ? (
            <ShopUnavailable title={products.title} requestId={products.requestId} />
          ) : (
            <>
              <Products
                products={products.page.items}
                abilities={abilities}
                total={products.page.total}
                order={order}
              />
              <Paging {...products.page} order={order} />
            </>
          )}
        </div>
        <aside className="space-y-8 lg:sticky lg:top-24" aria-label="Your access">
          <YourPermissions roles={caller.roles} permissions={caller.permissions} />
          {products.kind === 'unavailable' ? null : (
            <TryItAnyway abilities={abilities} products={products.page.items} />
          )}
        </aside>
      </div>
    </div>
  );
}

function pageNumber(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 1;
}
