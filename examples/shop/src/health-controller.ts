import { Public } from '@sallyport/nestjs';
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PRODUCT_STORE, type ProductStore } from './products/product-store.ts';

/**
 * Two questions that must not be mixed up: a shop whose database is away lives, and restarting it would help nobody; it is
 * not ready, and should get no requests.
 */
@ApiTags('Health')
@Controller()
export class HealthController {
  readonly #store: ProductStore;

  constructor(@Inject(PRODUCT_STORE) store: ProductStore) {
    this.#store = store;
  }

  @Get('healthz')
  @Public('whoever starts the shop has to see that it is up')
  check(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Public('whoever sends requests here has to see whether they can be answered')
  async checkReady(): Promise<{ readonly status: 'ready' }> {
    await this.#store.ping();
    return { status: 'ready' };
  }
}
