import { Public } from '@sallyport/nestjs';
import { Controller, Get, Inject, type InjectionToken, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

/** A store that says whether its database answers. */
export interface PingedStore {
  ping(): Promise<void>;
}

/**
 * Makes the controller of two questions that must not be mixed up: a service whose database is away lives, and a restart would
 * not help; it is not ready, and should get no requests.
 */
export function healthControllerOf(store: InjectionToken<PingedStore>): Type<object> {
  @ApiTags('Health')
  @Controller()
  class HealthController {
    readonly #store: PingedStore;

    constructor(@Inject(store) pinged: PingedStore) {
      this.#store = pinged;
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
  return HealthController;
}
