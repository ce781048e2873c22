import type { ShopPolicy } from '@sallyport/example-shop-kit/policy';
import type { Access } from '@sallyport/policy';
import type { Product } from './product.ts';

/** A request that the page offers although it should be refused. */
export interface Attempt {
  readonly label: string;
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly json?: unknown;
}

/** Picks one request for each thing that the person may not do. Each would change little if it were allowed. */
export function toAttempts(mine: Access<ShopPolicy>, products: readonly Product[]): readonly Attempt[] {
  const foreign = products.find((product) => !mine.can('update', 'Product', product));
  const [first] = products;
  return [
    ...(mine.canAny('create', 'Product')
      ? []
      : [{ label: 'Add a product', method: 'POST', path: '/api/shop/products', json: attemptedProduct } as const]),
    ...(foreign === undefined
      ? []
      : [
          {
            label: `Rename “${foreign.name}”`,
            method: 'PATCH',
            path: `/api/shop/products/${encodeURIComponent(foreign.id)}`,
            json: { name: foreign.name },
          } as const,
        ]),
    ...(first === undefined || mine.can('delete', 'Product', first)
      ? []
      : [
          {
            label: `Delete “${first.name}”`,
            method: 'DELETE',
            path: `/api/shop/products/${encodeURIComponent(first.id)}`,
          } as const,
        ]),
  ];
}

const attemptedProduct = { name: 'A ladder over the wall', priceCents: 100, stock: 1 };
