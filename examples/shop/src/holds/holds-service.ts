import { SallyportAccess, SallyportError, type Principal } from '@sallyport/nestjs';
import { Inject, Injectable } from '@nestjs/common';
import { PRODUCT_STORE, type ProductStore } from '../products/product-store.ts';
import type { HeldLine, Hold, HoldConfirmation, NewHold } from './hold.ts';

/** The one service that may hold stock, by its audience at the gateway. */
const holder = 'orders';

/**
 * How long stock waits for its order. Orders keeps a hold as soon as the order is written: one that outlives this belongs to
 * an order that never came about.
 */
const holdMilliseconds = 600_000;

/** How often stock is tried to be taken where its price changes at the same moment. */
const maxAttempts = 3;

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
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const priced = await Promise.all(lines.map((line) => this.#price(caller, line)));
      requireOneCurrency(priced);
      const until = new Date(Date.now() + holdMilliseconds);
      const outcome = await this.#store.hold({ id, buyerId: caller.id, lines: priced }, until);
      // Another call with this id may have been the first.
      if (outcome.kind === 'held') return ofBuyer(outcome.hold, caller);
      await this.#requireRepriced(caller, priced, outcome.productId);
    }
    throw new SallyportError('SP_CONFLICT', { reason: 'prices-change-too-often' });
  }

  /** Says that the order was written. What it holds is sold from now on, and does not come back by itself. */
  async confirm(caller: Principal, id: string): Promise<HoldConfirmation> {
    requireHolder(caller);
    return { isKept: await this.#store.keepHold(id, caller.id) };
  }

  async release(caller: Principal, id: string): Promise<void> {
    requireHolder(caller);
    const isAny = this.#access.filter(caller, 'delete', 'Hold').scope === 'all';
    await this.#store.releaseHold(id, isAny ? undefined : caller.id);
  }

  /** Nothing could be taken: either the vendor changed the price after it was read, or too few are left. */
  async #requireRepriced(caller: Principal, priced: readonly HeldLine[], productId: string): Promise<void> {
    const line = priced.find((one) => one.productId === productId);
    const now = line === undefined ? undefined : await this.#price(caller, line);
    if (now !== undefined && (now.priceCents !== line?.priceCents || now.currency !== line.currency)) return;
    throw refused(productId, 'Too few are left');
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
