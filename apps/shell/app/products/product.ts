/** A product, as the shop describes it. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly priceCents: number;
  readonly currency: string;
  readonly stock: number;
  readonly status: 'draft' | 'published';
  readonly ownerId: string;
}

/** One page of the list. */
export interface ProductPage {
  readonly items: readonly Product[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}

/** How the list is ordered. */
export type ProductOrder = 'name' | 'newest';

/** Which list: its order, and whether it is that of one's own products alone. */
export interface ProductView {
  readonly order: ProductOrder;
  readonly isOwn: boolean;
}

/** The address of a page of the list. */
export function productsUrl({ order, isOwn }: ProductView, page: number): string {
  const query = new URLSearchParams();
  if (isOwn) query.set('of', 'me');
  if (order === 'newest') query.set('order', order);
  if (page > 1) query.set('page', String(page));
  return query.size === 0 ? '/products' : `/products?${query.toString()}`;
}

/** Writes a price the way it is read. */
export function formatPrice({ priceCents, currency }: Pick<Product, 'priceCents' | 'currency'>): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(priceCents / 100);
}
