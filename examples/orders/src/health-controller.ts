import { Public } from '@sallyport/nestjs';
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ORDERS_STORE, type OrdersStore } from './orders-store.ts';

/** Whether the process lives, and whether it should get requests: its database may be away. */
@ApiTags('Health')
@Controller()
export class HealthController {
  readonly #store: OrdersStore;

  constructor(@Inject(ORDERS_STORE) store: OrdersStore) {
    this.#store = store;
  }

  @Get('healthz')
  @Public('the launcher has to see that the service is up')
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
