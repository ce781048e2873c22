import { access } from '@sallyport/nextjs/server';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { toAttempts } from './attempts.ts';
import { loadProducts } from './load-products.ts';
import { Paging } from './paging.tsx';
import type { ProductView } from './product.ts';
import { Products } from './products.tsx';
import { ShopUnavailable } from './shop-unavailable.tsx';
import { TryItAnyway } from './try-it-anyway.tsx';

interface ProductListProps {
  readonly page: number;
  readonly view: ProductView;
  readonly userId: string;
}

/* What waits for the shop. The page does not: a shop that hangs leaves a skeleton in these places, not a blank tab. */

/** The products of one page, or why there are none. */
export async function ProductList({ page, view, userId }: ProductListProps) {
  const products = await loadProducts(page, view.order, view.isOwn);
  if (products.kind === 'unavailable') return <ShopUnavailable title={products.title} requestId={products.requestId} />;
  const { items, total } = products.value;
  return (
    <>
      <Products products={items} userId={userId} total={total} view={view} />
      <Paging {...products.value} view={view} />
    </>
  );
}

/** Requests that the shop refuses, for the products of that page. */
export async function Attempts({ page, view }: ProductListProps) {
  const products = await loadProducts(page, view.order, view.isOwn);
  if (products.kind === 'unavailable') return null;
  return <TryItAnyway attempts={toAttempts(await access(shopPolicy), products.value.items)} />;
}
