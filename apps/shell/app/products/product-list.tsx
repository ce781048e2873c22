import type { Abilities } from './abilities.ts';
import { loadProducts } from './load-products.ts';
import { Paging } from './paging.tsx';
import type { ProductOrder } from './product.ts';
import { Products } from './products.tsx';
import { ShopUnavailable } from './shop-unavailable.tsx';
import { TryItAnyway } from './try-it-anyway.tsx';

interface ProductListProps {
  readonly page: number;
  readonly order: ProductOrder;
  readonly abilities: Abilities;
}

/* What waits for the shop. The page does not: a shop that hangs leaves a skeleton in these places, not a blank tab. */

/** The products of one page, or why there are none. */
export async function ProductList({ page, order, abilities }: ProductListProps) {
  const products = await loadProducts(page, order);
  if (products.kind === 'unavailable') return <ShopUnavailable title={products.title} requestId={products.requestId} />;
  const { items, total } = products.page;
  return (
    <>
      <Products products={items} abilities={abilities} total={total} order={order} />
      <Paging {...products.page} order={order} />
    </>
  );
}

/** Requests that the shop refuses, for the products of that page. */
export async function Attempts({ page, order, abilities }: ProductListProps) {
  const products = await loadProducts(page, order);
  return products.kind === 'unavailable' ? null : <TryItAnyway abilities={abilities} products={products.page.items} />;
}
