import { requireJsonBody, serveApiPage } from '@sallyport/example-shop-kit';
import { refuseAmbiguousJson, type SallyportOptions } from '@sallyport/nestjs';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ProductStore } from './products/product-store.ts';
import { ShopModule } from './shop-module.ts';

export interface ShopParts {
  readonly access: SallyportOptions;
  readonly store: ProductStore;
  /** Path of the shop behind the gateway, for the API page. */
  readonly publicPath: string;
  readonly logger: LoggerService | false;
}

/** Puts the shop together. It listens when its `listen` is called. */
export async function createShop(parts: ShopParts): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(ShopModule.create(parts.access, parts.store), {
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
    title: 'Shop',
    description: 'The products of the demo shop. Who may do what is decided by the token that the gateway attaches.',
    publicPath: parts.publicPath,
  });
  return app;
}
