import * as z from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ });

/** What the shop is told by its environment, and where it is told. */
export const shopConfigSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4001).describe('Port to listen on; 0 picks a free one'),
  HOSTNAME: z.string().min(1).default('127.0.0.1').describe('Address to listen on'),
  SALLYPORT_PUBLIC_URL: httpUrl.default('http://localhost:3000').describe('Origin that the browser sees'),
  SALLYPORT_INTERNAL_URL: httpUrl.describe('Internal listener of the door, where its keys are'),
  SALLYPORT_AUDIENCE: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .default('shop')
    .describe('Name of this service, as its route at the door says'),
  SHOP_DATA_FILE: z.string().min(1).optional().describe('SQLite file; absent means in memory'),
  SHOP_PUBLIC_PATH: z
    .string()
    .regex(/^\/[a-z0-9/-]*[a-z0-9]$/)
    .default('/api/shop')
    .describe('Path of this service behind the door, for its API page'),
});

/** The configuration of the shop, read once at the start. */
export interface ShopConfig {
  readonly port: number;
  readonly hostname: string;
  readonly issuer: string;
  readonly keysUrl: string;
  readonly audience: string;
  readonly dataFile: string | undefined;
  readonly publicPath: string;
}

/** @throws TypeError that names every bad variable at once, and no value. */
export function loadShopConfig(environment: Readonly<Record<string, string | undefined>>): ShopConfig {
  const result = shopConfigSchema.safeParse(environment);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    throw new TypeError(['The shop cannot start with this environment:', ...problems].join('\n'));
  }
  const values = result.data;
  return {
    port: values.PORT,
    hostname: values.HOSTNAME,
    issuer: `${withoutSlash(values.SALLYPORT_PUBLIC_URL)}/internal`,
    keysUrl: `${withoutSlash(values.SALLYPORT_INTERNAL_URL)}/internal/.well-known/jwks.json`,
    audience: values.SALLYPORT_AUDIENCE,
    dataFile: values.SHOP_DATA_FILE,
    publicPath: values.SHOP_PUBLIC_PATH,
  };
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}
