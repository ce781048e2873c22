import { SallyportAccess, SallyportError, type Principal } from '@sallyport/nestjs';
import { Inject, Injectable } from '@nestjs/common';
import { ORDERS_STORE, type OrdersStore } from '../orders-store.ts';
import { ProductsClient } from '../products/products-client.ts';
import { maxCartLines, type Cart, type CartLine, type ShownCart } from './cart.ts';
import { changedCart, emptyCart, withoutLines } from './changed-cart.ts';

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
    const cart = (await this.#store.findCart(caller.id)) ?? emptyCart(caller.id);
    return this.#withProducts(request, caller, cart);
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

  /** What was ordered leaves the cart. What was put into it meanwhile stays, and is another cart from then on. */
  async takeOut(ordered: Cart): Promise<void> {
    if (await this.#store.removeCart(ordered.userId, ordered.id)) return;
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const cart = await this.#store.findCart(ordered.userId);
      // Of a cart that was begun after the order nothing was ordered.
      if (cart?.firstId !== ordered.firstId) return;
      const rest = withoutLines(cart, ordered.lines);
      if (await this.#store.putCart(rest, cart.id)) return;
    }
    throw new SallyportError('SP_CONFLICT', { reason: 'cart-changes-too-often' });
  }

  /** The id of this cart is spent, and nothing came of it: with another one it can be ordered. */
  async renew(userId: string, spentId: string): Promise<void> {
    const cart = await this.#store.findCart(userId);
    if (cart?.id === spentId) await this.#store.putCart(changedCart(cart, cart.lines), spentId);
  }

  async #change({ id: userId }: Principal, change: (lines: readonly CartLine[]) => readonly CartLine[]): Promise<Cart> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const cart = await this.#store.findCart(userId);
      const changed = changedCart(cart ?? emptyCart(userId), change(cart?.lines ?? []));
      if (await this.#store.putCart(changed, cart?.id)) return changed;
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
