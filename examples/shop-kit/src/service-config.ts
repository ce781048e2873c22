import { OptionsError } from '@sallyport/nestjs';
import { readFileSync } from 'node:fs';
import * as z from 'zod';

export type Variables = Readonly<Record<string, string | undefined>>;

const httpUrl = z.url({ protocol: /^https?$/ });

/** What every service of the shop is told by its environment. */
export function serviceVariables(defaults: { readonly port: number; readonly audience: string }) {
  return {
    PORT: z.coerce
      .number()
      .int()
      .min(0)
      .max(65_535)
      .default(defaults.port)
      .describe('Port to listen on; 0 picks a free one'),
    HOSTNAME: z.string().min(1).default('127.0.0.1').describe('Address to listen on'),
    SALLYPORT_PUBLIC_URL: httpUrl.default('http://localhost:3000').describe('Origin that the browser sees'),
    SALLYPORT_INTERNAL_URL: httpUrl.describe('Internal listener of the gateway, where its keys are'),
    SALLYPORT_AUDIENCE: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/)
      .default(defaults.audience)
      .describe('Name of this service, as its route at the gateway says'),
    MONGODB_URL: z
      .string()
      .regex(/^mongodb(?:\+srv)?:\/\/\S+$/, 'must start with mongodb:// or mongodb+srv://')
      .optional()
      .describe('MongoDB that keeps the records, instead of SQLite'),
  } as const;
}

/** What every service of the shop knows of its place, read once at the start. */
export interface ServiceConfig {
  readonly port: number;
  readonly hostname: string;
  readonly publicUrl: string;
  readonly issuer: string;
  readonly keysUrl: string;
  readonly audience: string;
  /** A secret: it may hold a password. */
  readonly mongodbUrl: string | undefined;
}

/**
 * Reads the environment by a schema.
 *
 * @throws OptionsError that names every bad variable at once, and no value.
 */
export function parseVariables<Schema extends z.ZodType>(
  service: string,
  schema: Schema,
  variables: Variables,
): z.infer<Schema> {
  const result = schema.safeParse(variables);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
  throw new OptionsError([`The ${service} cannot start with this environment:`, ...problems].join('\n'));
}

/**
 * The secret of a variable, or of the file that `<name>_FILE` names. An empty variable is none; of a file only the text
 * counts, not the line break behind it.
 *
 * @throws OptionsError where both are set, or the file cannot be read.
 */
export function readSecretVariable(variables: Variables, name: string): string | undefined {
  const { [name]: value, [`${name}_FILE`]: file } = variables;
  if (file === undefined || file === '') return value === '' ? undefined : value;
  if (value !== undefined && value !== '') throw new OptionsError(`Set ${name} or ${name}_FILE, not both`);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new OptionsError(`${name}_FILE names a file that cannot be read`);
  }
}

/** Derives where the issuer and its keys are. */
export function toServiceConfig(values: z.infer<z.ZodObject<ReturnType<typeof serviceVariables>>>): ServiceConfig {
  const publicUrl = withoutSlash(values.SALLYPORT_PUBLIC_URL);
  return {
    port: values.PORT,
    hostname: values.HOSTNAME,
    publicUrl,
    issuer: `${publicUrl}/internal`,
    keysUrl: `${withoutSlash(values.SALLYPORT_INTERNAL_URL)}/internal/.well-known/jwks.json`,
    audience: values.SALLYPORT_AUDIENCE,
    mongodbUrl: values.MONGODB_URL,
  };
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}
