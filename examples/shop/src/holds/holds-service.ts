import { SallyportAccess, SallyportError, type Principal } from '@sallyport/nestjs';
import { Inject, Injectable } from '@nestjs/common';
import { PRODUCT_STORE, type ProductStore } from '../products/product-store.ts';
import type { HeldLine, Hold, NewHold } from './hold.ts';

/** The one service that may hold stock, by its audience at the gateway. */
const holder = 'orders';

/** Takes stock for an order, at the prices of this moment, and gives it back. */
@Injectable()
export class HoldsService {
  readonly #store: ProductStore;
  readonly #access: SallyportAccess;

  constructor(@Inject(PRODUCT_STORE) store: ProductStore, @Inject(SallyportAccess) access: SallyportAccess) {
    this.#store = store;
    this.#access = access;
  }

  async take(caller: Principal, { id, lines }: NewHold): Promise<Hold> {
    requireHolder(caller);
    const known = await this.#store.findHold(id);
    if (known !== undefined) return ofBuyer(known, caller);
    this.#access.assertWrite(caller, 'create', 'Hold', null, { id, buyerId: caller.id });
    const priced = await Promise.all(lines.map((line) => this.#price(caller, line)));
    requireOneCurrency(priced);
    const outcome = await this.#store.hold({ id, buyerId: caller.id, lines: priced });
    if (outcome.kind === 'short') throw refused(outcome.productId, 'Too few are left');
    // Another call with this id may have been the first.
    return ofBuyer(outcome.hold, caller);
  }

  async release(caller: Principal, id: string): Promise<void> {
    requireHolder(caller);
    const isAny = this.#access.filter(caller, 'delete', 'Hold').scope === 'all';
    await this.#store.releaseHold(id, isAny ? undefined : caller.id);
  }

  async #price(caller: Principal, { productId, quantity }: NewHold['lines'][number]): Promise<HeldLine> {
    const product = await this.#store.find(productId);
    // A draft is not on sale, for its owner neither.
    if (product === undefined || !this.#access.can(caller, 'buy', 'Product', product)) {
      throw refused(productId, 'It is no longer on sale');
    }
    const { name, ownerId, priceCents, currency } = product;
    return { productId, name, ownerId, quantity, priceCents, currency };
  }
}

/** The gateway says in `act` which service acts for the user: no request can say it of itself. */
function requireHolder(caller: Principal): void {
  if (caller.kind === 'user' && caller.actor?.id === holder) return;
  throw new SallyportError('SP_FORBIDDEN', { reason: 'holds-are-taken-by-orders' });
}

/** The id of an order is no secret: it opens no hold of another user. */
function ofBuyer(hold: Hold, caller: Principal): Hold {
  if (hold.buyerId === caller.id) return hold;
  throw new SallyportError('SP_NOT_FOUND', { reason: 'hold-of-another-buyer' });
}

function requireOneCurrency(lines: readonly HeldLine[]): void {
  const [first] = lines;
  const other = lines.find(({ currency }) => currency !== first?.currency);
  if (other !== undefined) throw refused(other.productId, 'An order has one currency: buy this in an order of its own');
}

function refused(productId: string, message: string): SallyportError {
  return new SallyportError('SP_VALIDATION_FAILED', { errors: [{ field: productId, message }] });
}
