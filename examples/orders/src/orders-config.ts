import {
  parseVariables,
  readSecretVariable,
  serviceVariables,
  toServiceConfig,
  type ServiceConfig,
  type Variables,
} from '@sallyport/example-shop-kit';
import { OptionsError } from '@sallyport/nestjs';
import * as z from 'zod';

const pathAtGateway = z.string().regex(/^\/[a-z0-9/-]*[a-z0-9]$/);

const ordersVariablesSchema = z.object({
  ...serviceVariables({ port: 4004, audience: 'orders' }),
  ORDERS_DATA_FILE: z.string().min(1).optional().describe('SQLite file; absent means in memory'),
  ORDERS_PUBLIC_PATH: pathAtGateway
    .default('/api/orders')
    .describe('Path of this service behind the gateway, for its API page'),
  SHOP_PUBLIC_PATH: pathAtGateway.default('/api/shop').describe('Path of the service of products at the gateway'),
  PAYMENT_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Page of the payment provider; absent means that nothing can be paid'),
  PAYMENT_KEY: z.string().min(32).optional().describe('Key of the merchant at the payment provider'),
});

/** The configuration of the service of orders, read once at the start. */
export interface OrdersConfig extends ServiceConfig {
  readonly dataFile: string | undefined;
  readonly publicPath: string;
  readonly productsPath: string;
  readonly payment: { readonly url: string; readonly key: string } | undefined;
}

/**
 * Reads the environment. `MONGODB_URL_FILE` and `PAYMENT_KEY_FILE` may name files that hold the secret.
 *
 * @throws OptionsError that names every bad variable at once, and no value.
 */
export function loadOrdersConfig(environment: Variables): OrdersConfig {
  const values = parseVariables('service of orders', ordersVariablesSchema, {
    ...environment,
    MONGODB_URL: readSecretVariable(environment, 'MONGODB_URL'),
    PAYMENT_KEY: readSecretVariable(environment, 'PAYMENT_KEY'),
  });
  const { PAYMENT_URL: url, PAYMENT_KEY: key } = values;
  if ((url === undefined) !== (key === undefined)) {
    throw new OptionsError('Set both PAYMENT_URL and PAYMENT_KEY, or neither: one alone takes no payments');
  }
  return {
    ...toServiceConfig(values),
    dataFile: values.ORDERS_DATA_FILE,
    publicPath: values.ORDERS_PUBLIC_PATH,
    productsPath: values.SHOP_PUBLIC_PATH,
    payment: url === undefined || key === undefined ? undefined : { url, key },
  };
}
