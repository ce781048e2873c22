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
import { CartsController } from './carts/carts-controller.ts';
import { CartsService } from './carts/carts-service.ts';
import { ORDERS_STORE, type OrdersStore } from './orders-store.ts';
import { OrderAccess } from './orders/order-access.ts';
import { OrdersController } from './orders/orders-controller.ts';
import { OrdersService } from './orders/orders-service.ts';
import { PAYMENT_PROVIDER, type PaymentProvider } from './payments/payment-provider.ts';
import { PaymentsController } from './payments/payments-controller.ts';
import { PaymentsService } from './payments/payments-service.ts';
import { PayoutsController } from './payouts/payouts-controller.ts';
import { PRODUCTS_PATH, ProductsClient } from './products/products-client.ts';

export interface OrdersParts {
  readonly access: SallyportOptions;
  readonly store: OrdersStore;
  /** Path of the service of products at the gateway. */
  readonly productsPath: string;
  /** Where orders are paid; absent where that is not set up. */
  readonly payments?: PaymentProvider | undefined;
}

/** Carts, orders, payments and payout data: who may call, and where it is kept. */
@Module({})
export class OrdersModule implements OnApplicationShutdown {
  readonly #store: OrdersStore;

  constructor(@Inject(ORDERS_STORE) store: OrdersStore) {
    this.#store = store;
  }

  static create({ access, store, productsPath, payments }: OrdersParts): DynamicModule {
    return {
      module: OrdersModule,
      imports: [SallyportModule.forRoot({ ...access, errors: 'problem', policy: shopPolicy })],
      controllers: [
        CartsController,
        OrdersController,
        PaymentsController,
        PayoutsController,
        healthControllerOf(ORDERS_STORE),
      ],
      providers: [
        CartsService,
        OrderAccess,
        OrdersService,
        PaymentsService,
        ProductsClient,
        { provide: ORDERS_STORE, useValue: store },
        { provide: PRODUCTS_PATH, useValue: productsPath },
        { provide: PAYMENT_PROVIDER, useValue: payments },
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
