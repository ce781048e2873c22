import { randomUUID } from 'node:crypto';
import { SallyportError, type Principal } from '@sallyport/nestjs';
import { Inject, Injectable } from '@nestjs/common';
import type { NewProduct, Product, ProductChange, ProductPage, ProductPageRequest } from './product.ts';
import { PRODUCT_STORE, type ProductStore } from './product-store.ts';

/** The rules of the shop: what needs the record, and so cannot be decided from the token alone. */
@Injectable()
export class ProductsService {
  readonly #store: ProductStore;

  constructor(@Inject(PRODUCT_STORE) store: ProductStore) {
    this.#store = store;
  }

  list(request: ProductPageRequest): ProductPage {
    return this.#store.list(request);
  }

  find(id: string): Product {
    const product = this.#store.find(id);
    if (product === undefined) throw new SallyportError('SP_NOT_FOUND');
    return product;
  }

  create(owner: Principal, described: NewProduct): Product {
    const at = new Date().toISOString();
    const product = { ...described, id: randomUUID(), ownerId: owner.id, createdAt: at, updatedAt: at, version: 1 };
    this.#store.insert(product);
    return product;
  }

  update(caller: Principal, id: string, change: ProductChange): Product {
    const product = this.find(id);
    requireMayUpdate(caller, product);
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const changed: Product = {
      ...product,
      ...given,
      updatedAt: new Date().toISOString(),
      version: product.version + 1,
    };
    if (!this.#store.replace(changed)) throw new SallyportError('SP_CONFLICT');
    return changed;
  }

  remove(id: string): void {
    if (!this.#store.remove(id)) throw new SallyportError('SP_NOT_FOUND');
  }
}

/** A vendor changes their own products; whoever holds `product:update-any` changes all. */
function requireMayUpdate(caller: Principal, product: Product): void {
  if (product.ownerId === caller.id || caller.permissions.includes('product:update-any')) return;
  throw new SallyportError('SP_FORBIDDEN', { reason: 'not-the-owner' });
}
