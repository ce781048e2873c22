import type { Principal } from '@sallyport/nestjs';
import type { Product } from './product.ts';

/** The products of a list that a caller may see, for each kind of store. */
export interface ProductFilter {
  /** For a `WHERE` clause: what a caller said stands in the parameters alone. */
  toSql(): { readonly text: string; readonly parameters: readonly string[] };
  toMongo(): Readonly<Record<string, unknown>>;
}

/** Administrators see every draft, vendors their own, users none. */
export function readableProducts(caller: Principal): ProductFilter {
  if (mayReadDrafts(caller)) return { toSql: () => ({ text: '(1 = 1)', parameters: [] }), toMongo: () => ({}) };
  return {
    toSql: () => ({ text: '("status" = ? OR "ownerId" = ?)', parameters: ['published', caller.id] }),
    toMongo: () => ({ $or: [{ status: 'published' }, { ownerId: caller.id }] }),
  };
}

export function mayRead(caller: Principal, product: Product): boolean {
  return product.status === 'published' || product.ownerId === caller.id || mayReadDrafts(caller);
}

/** A vendor changes their own products; a holder of `product:update-any` changes all. */
export function mayUpdate(caller: Principal, product: Product): boolean {
  return product.ownerId === caller.id || caller.permissions.includes('product:update-any');
}

/** Holders of `product:update-any` look after the whole shop. */
export function mayReadDrafts(caller: Principal): boolean {
  return caller.permissions.includes('product:update-any');
}
