import {
  parseVariables,
  readSecretVariable,
  serviceVariables,
  toServiceConfig,
  type ServiceConfig,
  type Variables,
} from '@sallyport/example-shop-kit';
import * as z from 'zod';

/** What the shop is told by its environment, and where it is told. */
const shopVariablesSchema = z.object({
  ...serviceVariables({ port: 4001, audience: 'shop' }),
  SHOP_DATA_FILE: z.string().min(1).optional().describe('SQLite file; absent means in memory'),
  SHOP_PUBLIC_PATH: z
    .string()
    .regex(/^\/[a-z0-9/-]*[a-z0-9]$/)
    .default('/api/shop')
    .describe('Path of this service behind the gateway, for its API page'),
});

/** The configuration of the shop, read once at the start. */
export interface ShopConfig extends ServiceConfig {
  readonly dataFile: string | undefined;
  readonly publicPath: string;
}

/**
 * Reads the environment. `MONGODB_URL_FILE` may name a file that holds the address.
 *
 * @throws OptionsError that names every bad variable at once, and no value.
 */
export function loadShopConfig(environment: Variables): ShopConfig {
  const values = parseVariables('shop', shopVariablesSchema, {
    ...environment,
    MONGODB_URL: readSecretVariable(environment, 'MONGODB_URL'),
  });
  return { ...toServiceConfig(values), dataFile: values.SHOP_DATA_FILE, publicPath: values.SHOP_PUBLIC_PATH };
}
