import { randomUUID } from 'node:crypto';
import { SallyportError, type Principal } from '@sallyport/nestjs';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import type { NewProduct, Product, ProductChange, ProductPage, ProductPageRequest } from './product.ts';
import { mayRead, mayUpdate, readableProducts } from './product-access.ts';
import { PRODUCT_STORE, type ProductStore } from './product-store.ts';

/** The rules of the shop: what needs the record, and so cannot be decided from the token alone. */
@Injectable()
export class ProductsService implements OnModuleDestroy {
  readonly #store: ProductStore;
  readonly #changed = new Subject<string>();

  constructor(@Inject(PRODUCT_STORE) store: ProductStore) {
    this.#store = store;
  }

  /** Ids of products that this process adds, changes or removes from now on. What another one does is not heard here. */
  get changed(): Observable<string> {
    return this.#changed;
  }

  /** Open event streams have nothing more to wait for, and would delay the shutdown. */
  onModuleDestroy(): void {
    this.#changed.complete();
  }

  async list(caller: Principal, request: ProductPageRequest): Promise<ProductPage> {
    return this.#store.list(request, {
      readable: readableProducts(caller),
      ...(request.of === 'me' ? { ownerId: caller.id } : {}),
      ...(request.ids === undefined ? {} : { ids: request.ids }),
    });
  }

  /** A draft of another vendor is not found, rather than refused: that it exists is not for every caller. */
  async find(caller: Principal, id: string): Promise<Product> {
    const product = await this.#store.find(id);
    if (product === undefined || !mayRead(caller, product)) throw new SallyportError('SP_NOT_FOUND');
    return product;
  }

  async create(owner: Principal, described: NewProduct): Promise<Product> {
    const at = new Date().toISOString();
    const product = { ...described, id: randomUUID(), ownerId: owner.id, createdAt: at, updatedAt: at, version: 1 };
    await this.#store.insert(product);
    this.#changed.next(product.id);
    return product;
  }

  async update(caller: Principal, id: string, change: ProductChange): Promise<Product> {
    const product = await this.find(caller, id);
    if (!mayUpdate(caller, product)) throw new SallyportError('SP_FORBIDDEN', { reason: 'not-the-owner' });
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const changed: Product = {
      ...product,
      ...given,
      updatedAt: new Date().toISOString(),
      version: product.version + 1,
    };
    if (!(await this.#store.replace(changed))) throw new SallyportError('SP_CONFLICT');
    this.#changed.next(id);
    return changed;
  }

  async remove(id: string): Promise<void> {
    if (!(await this.#store.remove(id))) throw new SallyportError('SP_NOT_FOUND');
    this.#changed.next(id);
  }
}
