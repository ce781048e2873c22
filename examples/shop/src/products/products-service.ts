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

  async list(request: ProductPageRequest): Promise<ProductPage> {
    return this.#store.list(request);
  }

  async find(id: string): Promise<Product> {
    const product = await this.#store.find(id);
    if (product === undefined) throw new SallyportError('SP_NOT_FOUND');
    return product;
  }

  async create(owner: Principal, described: NewProduct): Promise<Product> {
    const at = new Date().toISOString();
    const product = { ...described, id: randomUUID(), ownerId: owner.id, createdAt: at, updatedAt: at, version: 1 };
    await this.#store.insert(product);
    return product;
  }

  async update(caller: Principal, id: string, change: ProductChange): Promise<Product> {
    const product = await this.find(id);
    requireMayUpdate(caller, product);
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const changed: Product = {
      ...product,
      ...given,
      updatedAt: new Date().toISOString(),
      version: product.version + 1,
    };
    if (!(await this.#store.replace(changed))) throw new SallyportError('SP_CONFLICT');
    return changed;
  }

  async remove(id: string): Promise<void> {
    if (!(await this.#store.remove(id))) throw new SallyportError('SP_NOT_FOUND');
  }
}

/** A vendor changes their own products; whoever holds `product:update-any` changes all. */
function requireMayUpdate(caller: Principal, product: Product): void {
  if (product.ownerId === caller.id || caller.permissions.includes('product:update-any')) return;
  throw new SallyportError('SP_FORBIDDEN', { reason: 'not-the-owner' });
}
