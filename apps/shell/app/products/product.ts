/** A product, as the shop describes it. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly priceCents: number;
  readonly currency: string;
  readonly stock: number;
  readonly ownerId: string;
}

/** One page of the list. */
export interface ProductPage {
  readonly items: readonly Product[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}

/** Writes a price the way it is read. */
export function formatPrice({ priceCents, currency }: Pick<Product, 'priceCents' | 'currency'>): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(priceCents / 100);
}
