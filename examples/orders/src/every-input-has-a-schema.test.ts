import 'reflect-metadata';
import { healthControllerOf } from '@sallyport/example-shop-kit';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { describe, expect, it } from 'vitest';
import { CartsController } from './carts/carts-controller.ts';
import { ORDERS_STORE } from './orders-store.ts';
import { OrdersController } from './orders/orders-controller.ts';
import { PaymentsController } from './payments/payments-controller.ts';
import { PayoutsController } from './payouts/payouts-controller.ts';

/** Nest's numbers for a body, a query and a parameter of the path. */
const inputKinds = new Set(['3', '4', '5']);
const controllers = [
  CartsController,
  OrdersController,
  PaymentsController,
  PayoutsController,
  healthControllerOf(ORDERS_STORE),
];

describe('every body, query and path parameter', () => {
  it.each(controllers)('of %o has a schema', (controller) => {
    const withoutSchema = Object.getOwnPropertyNames(controller.prototype).flatMap((method) => {
      const inputs = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {}) as Record<
        string,
        { schema?: unknown }
      >;
      return Object.entries(inputs)
        .filter(([key, input]) => inputKinds.has(key.split(':')[0] ?? '') && input.schema === undefined)
        .map(([key]) => `${method} ${key}`);
    });
    expect(withoutSchema).toEqual([]);
  });
});
