import { randomUUID } from 'node:crypto';
import { SallyportAccess, SallyportError, type Principal } from '@sallyport/nestjs';
import { Inject, Injectable } from '@nestjs/common';
import { ORDERS_STORE, type OrdersStore } from '../orders-store.ts';
import { ProductsClient } from '../products/products-client.ts';
import { maxCartLines, type Cart, type CartLine, type ShownCart } from './cart.ts';

/** How often a change is tried where two tabs change one cart. */
const maxAttempts = 5;

/** The cart of a user: products and quantities. Prices are asked for whenever it is shown. */
@Injectable()
export class CartsService {
  readonly #store: OrdersStore;
  readonly #products: ProductsClient;
  readonly #access: SallyportAccess;

  constructor(
    @Inject(ORDERS_STORE) store: OrdersStore,
    @Inject(ProductsClient) products: ProductsClient,
    @Inject(SallyportAccess) access: SallyportAccess,
  ) {
    this.#store = store;
    this.#products = products;
    this.#access = access;
  }

  async show(request: object, caller: Principal): Promise<ShownCart> {
    return this.#withProducts(request, caller, await this.#cartOf(caller));
  }

  async put(request: object, caller: Principal, line: CartLine): Promise<ShownCart> {
    const [product] = await this.#products.list(request, [line.productId]);
    this.#access.assert(caller, 'buy', 'Product', product, { onDeny: 404 });
    const cart = await this.#change(caller, (lines) => {
      const others = lines.filter(({ productId }) => productId !== line.productId);
      if (others.length >= maxCartLines) throw tooMany();
      // In its place, so that a list that is looked at does not jump.
      return others.length === lines.length
        ? [...lines, line]
        : lines.map((known) => (known.productId === line.productId ? line : known));
    });
    return this.#withProducts(request, caller, cart);
  }

  async remove(request: object, caller: Principal, productId: string): Promise<ShownCart> {
    const cart = await this.#change(caller, (lines) => lines.filter((line) => line.productId !== productId));
    return this.#withProducts(request, caller, cart);
  }

  async #cartOf({ id: userId }: Principal): Promise<Cart> {
    return (await this.#store.findCart(userId)) ?? { userId, id: randomUUID(), lines: [], version: 0 };
  }

  async #change(caller: Principal, change: (lines: readonly CartLine[]) => readonly CartLine[]): Promise<Cart> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const cart = await this.#cartOf(caller);
      const changed = { ...cart, lines: change(cart.lines), version: cart.version + 1 };
      if (await this.#store.putCart(changed)) return changed;
    }
    throw new SallyportError('SP_CONFLICT', { reason: 'cart-changes-too-often' });
  }

  async #withProducts(request: object, caller: Principal, { id, lines }: Cart): Promise<ShownCart> {
    const products = await this.#products.list(
      request,
      lines.map(({ productId }) => productId),
    );
    const sold = new Map(
      products
        .filter((product) => this.#access.can(caller, 'buy', 'Product', product))
        .map((product) => [product.id, product] as const),
    );
    return {
      id,
      lines: lines.map((line) => {
        const product = sold.get(line.productId);
        if (product === undefined) return { ...line, product: null };
        const { name, priceCents, currency, stock } = product;
        return { ...line, product: { name, priceCents, currency, stock } };
      }),
    };
  }
}

function tooMany(): SallyportError {
  return new SallyportError('SP_VALIDATION_FAILED', {
    errors: [{ field: 'productId', message: `A cart holds ${maxCartLines} products at most` }],
  });
}
