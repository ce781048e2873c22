import { SallyportError, type Principal } from '@sallyport/nestjs';
import { Inject, Injectable } from '@nestjs/common';
import { CartsService } from '../carts/carts-service.ts';
import { ORDERS_STORE, type OrdersStore } from '../orders-store.ts';
import { ProductsClient, type ProductsHold } from '../products/products-client.ts';
import { OrderAccess, totalOf } from './order-access.ts';
import type { Order, OrderPage, OrderPageRequest, ShownOrder } from './order.ts';

/** An order that waits for its payment holds stock, so a user has few of them. */
const maxOpenOrders = 5;

/** Orders: made from a cart, at the prices of the service of products, and cancelled while they are not paid. */
@Injectable()
export class OrdersService {
  readonly #store: OrdersStore;
  readonly #products: ProductsClient;
  readonly #access: OrderAccess;
  readonly #carts: CartsService;

  constructor(
    @Inject(ORDERS_STORE) store: OrdersStore,
    @Inject(ProductsClient) products: ProductsClient,
    @Inject(OrderAccess) access: OrderAccess,
    @Inject(CartsService) carts: CartsService,
  ) {
    this.#store = store;
    this.#products = products;
    this.#access = access;
    this.#carts = carts;
  }

  async list(caller: Principal, { as, ...request }: OrderPageRequest): Promise<OrderPage> {
    const page = await this.#store.listOrders(request, {
      readable: this.#access.filter(caller, as),
      ...(as === 'buyer' ? { buyerId: caller.id } : {}),
    });
    return { ...page, items: page.items.map((order) => this.#access.show(caller, order)) };
  }

  async show(caller: Principal, id: string): Promise<ShownOrder> {
    return this.#access.show(caller, await this.#store.findOrder(id));
  }

  /**
   * Orders the cart of that id. The id of the cart becomes that of the order, for the stock that is held as well: clicked
   * twice, or tried again after a failure in the middle, it is one order.
   */
  async create(request: object, caller: Principal, cartId: string): Promise<ShownOrder> {
    const known = await this.#store.findOrder(cartId);
    if (known !== undefined) {
      const shown = this.#access.show(caller, known);
      // Its first attempt may have ended in the middle: without stock, or with a cart that could never be ordered again.
      if (known.buyerId === caller.id) await this.keepStock(request, known);
      await this.#store.removeCart(caller.id, cartId);
      return shown;
    }
    const cart = await this.#store.findCart(caller.id);
    if (cart?.id !== cartId || cart.lines.length === 0) {
      throw new SallyportError('SP_CONFLICT', { reason: 'not-the-cart-of-the-buyer' });
    }
    if ((await this.#store.countOpenOrders(caller.id)) >= maxOpenOrders) throw tooManyOpen();
    const order = toOrder(caller, await this.#products.hold(request, cartId, cart.lines), new Date());
    const placed = await this.#insert(order);
    await this.keepStock(request, placed);
    await this.#carts.takeOut(cart);
    return this.#access.show(caller, placed);
  }

  /**
   * Has products keep the stock of an open order of the caller, which comes back by itself otherwise. Nothing is paid
   * without: an order whose stock came back is cancelled, and its cart can be ordered again.
   *
   * @throws SallyportError `SP_VALIDATION_FAILED` where it came back.
   */
  async keepStock(request: object, order: Order): Promise<void> {
    if (order.state !== 'open' || (await this.#products.keep(request, order.id))) return;
    await this.#replace({ ...order, state: 'cancelled' });
    await this.#carts.renew(order.buyerId, order.id);
    throw new SallyportError('SP_VALIDATION_FAILED', {
      reason: 'stock-of-the-order-came-back',
      errors: [{ field: 'cartId', message: 'It took too long, and what you chose is no longer held: order again' }],
    });
  }

  /** Cancels an order that is not paid, and gives back its stock. Repeated, it does what was left undone. */
  async cancel(request: object, caller: Principal, id: string): Promise<ShownOrder> {
    const order = await this.find(caller, id);
    this.#access.requireCancel(caller, order);
    if (order.state === 'paid') throw new SallyportError('SP_CONFLICT', { reason: 'order-is-paid' });
    const cancelled = order.state === 'open' ? await this.#replace({ ...order, state: 'cancelled' }) : order;
    // After the state, so that no stock comes back of an order that is paid at this moment.
    await this.#products.release(request, id);
    return this.#access.show(caller, cancelled);
  }

  /** That an order of another user exists is not for every caller: not found, rather than refused. */
  async find(caller: Principal, id: string): Promise<Order> {
    return this.#access.find(caller, await this.#store.findOrder(id));
  }

  async #insert(order: Order): Promise<Order> {
    try {
      await this.#store.insertOrder(order);
      return order;
    } catch (error) {
      if (!(error instanceof SallyportError) || error.code !== 'SP_CONFLICT') throw error;
      // The other click was faster. What products held for the id is the same for both.
      return (await this.#store.findOrder(order.id)) ?? order;
    }
  }

  async #replace(order: Order): Promise<Order> {
    const changed = { ...order, updatedAt: new Date().toISOString(), version: order.version + 1 };
    if (await this.#store.replaceOrder(changed)) return changed;
    throw new SallyportError('SP_CONFLICT', { reason: 'order-changed-meanwhile' });
  }
}

function toOrder({ id: buyerId }: Principal, { id, lines }: ProductsHold, now: Date): Order {
  const at = now.toISOString();
  const [first] = lines;
  if (first === undefined) throw new SallyportError('SP_UPSTREAM_UNAVAILABLE', { reason: 'products-held-nothing' });
  return {
    id,
    buyerId,
    state: 'open',
    lines,
    vendorIds: [...new Set(lines.map(({ ownerId }) => ownerId))],
    totalCents: totalOf(lines),
    currency: first.currency,
    chargeId: null,
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
}

function tooManyOpen(): SallyportError {
  return new SallyportError('SP_VALIDATION_FAILED', {
    errors: [{ field: 'cartId', message: `Pay or cancel an order first: ${maxOpenOrders} may wait for their payment` }],
  });
}
