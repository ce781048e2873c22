import { Public } from '@sallyport/nestjs';
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PRODUCT_STORE, type ProductStore } from './products/product-store.ts';

/**
 * Two questions that must not be mixed up: a shop whose database is away lives, and a restart would not help; it is not
 * ready, and should get no requests.
 */
@ApiTags('Health')
@Controller()
export class HealthController {
  readonly #store: ProductStore;

  constructor(@Inject(PRODUCT_STORE) store: ProductStore) {
    this.#store = store;
  }

  @Get('healthz')
  @Public('the launcher has to see that the shop is up')
  check(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Public('load balancers have to see whether requests can be answered')
  async checkReady(): Promise<{ readonly status: 'ready' }> {
    await this.#store.ping();
    return { status: 'ready' };
  }
}
