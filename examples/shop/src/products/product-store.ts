import type { AccessFilter } from '@sallyport/policy';
import type { Hold, HoldOutcome } from '../holds/hold.ts';
import type { Product, ProductPage, ProductPageRequest } from './product.ts';

/** Injects the store of products. */
export const PRODUCT_STORE = Symbol('shop:product-store');

/** Which page of it. */
export type StoredPageRequest = Omit<ProductPageRequest, 'of' | 'ids'>;

/** Which products a list is made of. */
export interface ProductScope {
  /** By the policy file: those that the caller may see. */
  readonly readable: Pick<AccessFilter, 'toSql' | 'toMongo'>;
  /** The products of this owner alone. */
  readonly ownerId?: string;
  /** These products alone. */
  readonly ids?: readonly string[];
}

/**
 * Where products are kept. Whatever keeps them: every method rejects with `SP_STORE_UNAVAILABLE` when the database is locked,
 * full, gone or silent, and what does not look like a product is neither written nor read.
 */
export interface ProductStore {
  /** Names are ordered without regard to the case of A to Z; products that are equal in what was asked for, by id. */
  list(request: StoredPageRequest, scope: ProductScope): Promise<ProductPage>;
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
  /**
   * Takes what an order holds out of stock: all of it or nothing, once for each id however often it is asked, and only from
   * products that are on sale at the prices of its lines. It comes back by itself after that time, unless it is kept before.
   * Rejects with `SP_CONFLICT` while the same hold is being taken or was given back by `releaseHold`.
   */
  hold(hold: Hold, until: Date): Promise<HoldOutcome>;
  /** Who holds what; `undefined` where there is no such hold, its time is over, or it was given back. */
  findHold(id: string): Promise<Hold | undefined>;
  /** From now on the hold of this buyer has no end; `false` where there is none, or its time is over. */
  keepHold(id: string, buyerId: string): Promise<boolean>;
  /** Puts back what holds took whose time is over; resolves to how many there were. Several processes may do it at once. */
  releaseOverdueHolds(): Promise<number>;
  /**
   * Puts what a hold took back into stock, once, where there is such a hold: of this buyer, unless none is named. From then
   * on the id holds nothing any more.
   */
  releaseHold(id: string, buyerId: string | undefined): Promise<void>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
