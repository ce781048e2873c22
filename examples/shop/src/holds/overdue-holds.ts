import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PRODUCT_STORE, type ProductStore } from '../products/product-store.ts';

/** How often stock is looked for whose order never came about. */
const sweepMilliseconds = 30_000;

/**
 * Gives stock back whose order never came about. The store does it once for each hold, so that every process of the shop may
 * run this: no one of them has to be the one.
 */
@Injectable()
export class OverdueHolds implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #store: ProductStore;
  readonly #logger = new Logger(OverdueHolds.name);
  #timer: NodeJS.Timeout | undefined;

  constructor(@Inject(PRODUCT_STORE) store: ProductStore) {
    this.#store = store;
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.release(), sweepMilliseconds).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  /** A database that is away is asked again the next time. */
  async release(): Promise<void> {
    try {
      const count = await this.#store.releaseOverdueHolds();
      if (count > 0) this.#logger.log({ message: 'stock of orders that never came about was given back', count });
    } catch (error) {
      this.#logger.warn({ message: 'overdue holds cannot be looked for', code: codeOf(error) });
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
