import 'reflect-metadata';
import { closeGracefully } from './close-gracefully.ts';
import { createShop } from './create-shop.ts';
import { createSqliteProductStore } from './products/product-store.ts';
import { loadShopConfig } from './shop-config.ts';
import { createStructuredLogger } from './structured-logger.ts';

const logger = createStructuredLogger('shop');

try {
  const config = loadShopConfig(process.env);
  const app = await createShop({
    access: { issuer: config.issuer, audience: config.audience, keysUrl: config.keysUrl },
    store: createSqliteProductStore(config.dataFile),
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
