import { requireJsonBody, serveApiPage } from '@sallyport/example-shop-kit';
import { refuseAmbiguousJson } from '@sallyport/nestjs';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { OrdersModule, type OrdersParts } from './orders-module.ts';

export interface OrdersServiceParts extends OrdersParts {
  /** Path of this service behind the gateway, for the API page. */
  readonly publicPath: string;
  readonly logger: LoggerService | false;
}

/** Puts the service of orders together. It listens when its `listen` is called. */
export async function createOrders(parts: OrdersServiceParts): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(OrdersModule.create(parts), {
    logger: parts.logger,
    // A mistake at the start is thrown to `main`, which reports it; Nest would end the process by itself.
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.use(requireJsonBody);
  // Its type leaves `verify` out, because Nest sets it itself where `rawBody` is on.
  const json = { limit: '64kb', verify: refuseAmbiguousJson };
  app.useBodyParser('json', json);
  serveApiPage(app, {
    title: 'Orders',
    description: 'Carts, orders and payments of the demo shop. Products and prices are asked for as the user.',
    publicPath: parts.publicPath,
  });
  return app;
}
