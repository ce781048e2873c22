import 'reflect-metadata';
import { closeGracefully, createStructuredLogger } from '@sallyport/example-shop-kit';
import { createOrders } from './create-orders.ts';
import { openMongoOrdersStore } from './mongo-orders-store.ts';
import { loadOrdersConfig, type OrdersConfig } from './orders-config.ts';
import type { OrdersStore } from './orders-store.ts';
import { createPaymentProvider } from './payments/payment-provider.ts';
import { createSqliteOrdersStore } from './sqlite-orders-store.ts';

const logger = createStructuredLogger('orders');

try {
  const config = loadOrdersConfig(process.env);
  const { payment, publicUrl } = config;
  const app = await createOrders({
    access: { issuer: config.issuer, audience: config.audience, keysUrl: config.keysUrl, revocations: {} },
    store: await openStore(config),
    productsPath: config.productsPath,
    payments: payment === undefined ? undefined : createPaymentProvider({ ...payment, publicUrl }),
    publicPath: config.publicPath,
    logger,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void closeGracefully(app));
  await app.listen(config.port, config.hostname);
  logger.log({ message: 'ready', url: await app.getUrl() });
} catch (error) {
  logger.error({ message: error instanceof Error ? error.message : 'the service of orders cannot start' });
  process.exitCode = 1;
}

async function openStore({ mongodbUrl, dataFile }: OrdersConfig): Promise<OrdersStore> {
  return mongodbUrl === undefined ? createSqliteOrdersStore(dataFile) : openMongoOrdersStore({ url: mongodbUrl });
}
