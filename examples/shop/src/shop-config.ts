import { OptionsError } from '@sallyport/nestjs';
import { readFileSync } from 'node:fs';
import * as z from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ });

/** What the shop is told by its environment, and where it is told. */
export const shopConfigSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4001).describe('Port to listen on; 0 picks a free one'),
  HOSTNAME: z.string().min(1).default('127.0.0.1').describe('Address to listen on'),
  SALLYPORT_PUBLIC_URL: httpUrl.default('http://localhost:3000').describe('Origin that the browser sees'),
  SALLYPORT_INTERNAL_URL: httpUrl.describe('Internal listener of the gateway, where its keys are'),
  SALLYPORT_AUDIENCE: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .default('shop')
    .describe('Name of this service, as its route at the gateway says'),
  SHOP_DATA_FILE: z.string().min(1).optional().describe('SQLite file; absent means in memory'),
  MONGODB_URL: z
    .string()
    .regex(/^mongodb(?:\+srv)?:\/\/\S+$/, 'must start with mongodb:// or mongodb+srv://')
    .optional()
    .describe('MongoDB that keeps the products, instead of SQLite'),
  SHOP_PUBLIC_PATH: z
    .string()
    .regex(/^\/[a-z0-9/-]*[a-z0-9]$/)
    .default('/api/shop')
    .describe('Path of this service behind the gateway, for its API page'),
});

/** The configuration of the shop, read once at the start. */
export interface ShopConfig {
  readonly port: number;
  readonly hostname: string;
  readonly issuer: string;
  readonly keysUrl: string;
  readonly audience: string;
  readonly dataFile: string | undefined;
  /** A secret: it may hold a password. */
  readonly mongodbUrl: string | undefined;
  readonly publicPath: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment. `MONGODB_URL_FILE` may name a file that holds the address.
 *
 * @throws OptionsError that names every bad variable at once, and no value.
 */
export function loadShopConfig(environment: Variables): ShopConfig {
  const result = shopConfigSchema.safeParse({ ...environment, MONGODB_URL: readMongodbUrl(environment) });
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    throw new OptionsError(['The shop cannot start with this environment:', ...problems].join('\n'));
  }
  const values = result.data;
  return {
    port: values.PORT,
    hostname: values.HOSTNAME,
    issuer: `${withoutSlash(values.SALLYPORT_PUBLIC_URL)}/internal`,
    keysUrl: `${withoutSlash(values.SALLYPORT_INTERNAL_URL)}/internal/.well-known/jwks.json`,
    audience: values.SALLYPORT_AUDIENCE,
    dataFile: values.SHOP_DATA_FILE,
    mongodbUrl: values.MONGODB_URL,
    publicPath: values.SHOP_PUBLIC_PATH,
  };
}

/** An empty variable is no address; of a file only the text counts, not the line break behind it. */
function readMongodbUrl({ MONGODB_URL: url, MONGODB_URL_FILE: file }: Variables): string | undefined {
  if (file === undefined || file === '') return url === '' ? undefined : url;
  if (url !== undefined && url !== '') throw new OptionsError('Set MONGODB_URL or MONGODB_URL_FILE, not both');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new OptionsError('MONGODB_URL_FILE names a file that cannot be read');
  }
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}
