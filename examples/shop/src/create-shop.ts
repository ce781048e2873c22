import { createService } from '@sallyport/example-shop-kit';
import type { SallyportOptions } from '@sallyport/nestjs';
import type { LoggerService } from '@nestjs/common';
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
export function createShop({ access, store, publicPath, logger }: ShopParts): Promise<NestExpressApplication> {
  return createService(ShopModule.create(access, store), {
    title: 'Shop',
    description: 'The products of the demo shop. Who may do what is decided by the token that the gateway attaches.',
    publicPath,
    logger,
  });
}
