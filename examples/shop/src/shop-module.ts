import { healthControllerOf } from '@sallyport/example-shop-kit';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { SallyportModule, toValidationError, type SallyportOptions } from '@sallyport/nestjs';
import {
  Inject,
  Module,
  StandardSchemaValidationPipe,
  type DynamicModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { HoldsController } from './holds/holds-controller.ts';
import { HoldsService } from './holds/holds-service.ts';
import { OverdueHolds } from './holds/overdue-holds.ts';
import { PRODUCT_STORE, type ProductStore } from './products/product-store.ts';
import { ProductsController } from './products/products-controller.ts';
import { ProductsService } from './products/products-service.ts';

/** The whole shop: who may call it, what it sells, where that is kept. */
@Module({})
export class ShopModule implements OnApplicationShutdown {
  readonly #store: ProductStore;

  constructor(@Inject(PRODUCT_STORE) store: ProductStore) {
    this.#store = store;
  }

  static create(access: SallyportOptions, store: ProductStore): DynamicModule {
    return {
      module: ShopModule,
      imports: [SallyportModule.forRoot({ ...access, errors: 'problem', policy: shopPolicy })],
      controllers: [ProductsController, HoldsController, healthControllerOf(PRODUCT_STORE)],
      providers: [
        ProductsService,
        HoldsService,
        OverdueHolds,
        { provide: PRODUCT_STORE, useValue: store },
        {
          provide: APP_PIPE,
          useFactory: () => new StandardSchemaValidationPipe({ exceptionFactory: toValidationError }),
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#store.close();
  }
}
