import type { Product, ProductPage, ProductPageRequest } from './product.ts';

/** Injects the store of products. */
export const PRODUCT_STORE = Symbol('shop:product-store');

/**
 * Where products are kept. Whatever keeps them: every method rejects with `SP_STORE_UNAVAILABLE` when the database is locked,
 * full, gone or silent, and what does not look like a product is neither written nor read.
 */
export interface ProductStore {
  /** Names are ordered without regard to the case of A to Z; products that are equal in what was asked for, by id. */
  list(request: ProductPageRequest): Promise<ProductPage>;
  find(id: string): Promise<Product | undefined>;
  /** Rejects with `SP_CONFLICT` when there is a product of that id. */
  insert(product: Product): Promise<void>;
  /**
   * Replaces the version before this one; `false` when it changed meanwhile or is gone. Who owns a product and when it was
   * created never changes.
   */
  replace(product: Product): Promise<boolean>;
  /** `false` when there was no such product. */
  remove(id: string): Promise<boolean>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
