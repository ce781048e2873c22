import { randomUUID } from 'node:crypto';
import { SallyportAccess, SallyportError, type Principal } from '@sallyport/nestjs';
import type { AccessFilter } from '@sallyport/policy';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { filter, map, Subject, type Observable } from 'rxjs';
import type { NewProduct, Product, ProductChange, ProductPage, ProductPageRequest } from './product.ts';
import { PRODUCT_STORE, type ProductStore } from './product-store.ts';

/** What is done with products. Who may do it says the policy file, which is asked with the record. */
@Injectable()
export class ProductsService implements OnModuleDestroy {
  readonly #store: ProductStore;
  readonly #access: SallyportAccess;
  /** Each product as it was and as it is. */
  readonly #changed = new Subject<readonly [Product, ...Product[]]>();

  constructor(@Inject(PRODUCT_STORE) store: ProductStore, @Inject(SallyportAccess) access: SallyportAccess) {
    this.#store = store;
    this.#access = access;
  }

  /**
   * Ids of products that this process adds, changes or removes from now on, where the caller may see them or could until
   * then. What another process does is not heard here.
   */
  changedFor(caller: Principal): Observable<string> {
    return this.#changed.pipe(
      filter((versions) => versions.some((product) => this.#access.can(caller, 'read', 'Product', product))),
      map(([{ id }]) => id),
    );
  }

  /** Open event streams have nothing more to wait for, and would delay the shutdown. */
  onModuleDestroy(): void {
    this.#changed.complete();
  }

  async list(caller: Principal, readable: AccessFilter, request: ProductPageRequest): Promise<ProductPage> {
    return this.#store.list(request, {
      readable,
      ...(request.of === 'me' ? { ownerId: caller.id } : {}),
      ...(request.ids === undefined ? {} : { ids: request.ids }),
    });
  }

  /** A draft of another vendor is not found, rather than refused: that it exists is not for every caller. */
  async find(caller: Principal, id: string): Promise<Product> {
    return this.#access.assert(caller, 'read', 'Product', await this.#store.find(id), { onDeny: 404 });
  }

  async create(owner: Principal, described: NewProduct): Promise<Product> {
    const at = new Date().toISOString();
    const product = { ...described, id: randomUUID(), ownerId: owner.id, createdAt: at, updatedAt: at, version: 1 };
    this.#access.assertWrite(owner, 'create', 'Product', null, product);
    await this.#store.insert(product);
    this.#changed.next([product]);
    return product;
  }

  async update(caller: Principal, id: string, change: ProductChange): Promise<Product> {
    const product = await this.find(caller, id);
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const changed: Product = {
      ...product,
      ...given,
      updatedAt: new Date().toISOString(),
      version: product.version + 1,
    };
    this.#access.assertWrite(caller, 'update', 'Product', product, changed);
    if (!(await this.#store.replace(changed))) throw new SallyportError('SP_CONFLICT');
    this.#changed.next([product, changed]);
    return changed;
  }

  async remove(id: string): Promise<void> {
    const product = await this.#store.find(id);
    if (product === undefined || !(await this.#store.remove(id))) throw new SallyportError('SP_NOT_FOUND');
    this.#changed.next([product]);
  }
}
