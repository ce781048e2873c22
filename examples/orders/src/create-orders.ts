import { createService } from '@sallyport/example-shop-kit';
import type { LoggerService } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { OrdersModule, type OrdersParts } from './orders-module.ts';

export interface OrdersServiceParts extends OrdersParts {
  /** Path of this service behind the gateway, for the API page. */
  readonly publicPath: string;
  readonly logger: LoggerService | false;
}

/** Puts the service of orders together. It listens when its `listen` is called. */
export function createOrders(parts: OrdersServiceParts): Promise<NestExpressApplication> {
  const { logger, publicPath } = parts;
  return createService(OrdersModule.create(parts), {
    title: 'Orders',
    description: 'Carts, orders and payments of the demo shop. Products and prices are asked for as the user.',
    publicPath,
    logger,
  });
}
