import 'reflect-metadata';
import { closeGracefully, createStructuredLogger } from '@sallyport/example-shop-kit';
import { createShop } from './create-shop.ts';
import { openMongoProductStore } from './products/mongo-product-store.ts';
import type { ProductStore } from './products/product-store.ts';
import { createSqliteProductStore } from './products/sqlite-product-store.ts';
import { loadShopConfig, type ShopConfig } from './shop-config.ts';

const logger = createStructuredLogger('shop');

try {
  const config = loadShopConfig(process.env);
  const app = await createShop({
    access: { issuer: config.issuer, audience: config.audience, keysUrl: config.keysUrl, revocations: {} },
    store: await openStore(config),
    publicPath: config.publicPath,
    logger,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void closeGracefully(app));
  await app.listen(config.port, config.hostname);
  logger.log({ message: 'ready', url: await app.getUrl() });
} catch (error) {
  logger.error({ message: error instanceof Error ? error.message : 'the shop cannot start' });
  process.exitCode = 1;
}

async function openStore({ mongodbUrl, dataFile }: ShopConfig): Promise<ProductStore> {
  return mongodbUrl === undefined ? createSqliteProductStore(dataFile) : openMongoProductStore({ url: mongodbUrl });
}
