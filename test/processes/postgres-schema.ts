import { randomBytes } from 'node:crypto';
import { runOnPostgres } from './run-on-postgres.ts';

/** The server of the tests; empty where there is none. */
export const postgresUrl = process.env['TEST_POSTGRES_URL'] ?? '';

/** A schema that one test has for itself. */
export interface PostgresSchema {
  readonly name: string;
  /** The address of the server, with all names looked up in the schema. */
  readonly url: string;
  readonly drop: () => Promise<void>;
}

/** Makes an empty schema on a server. */
export async function makePostgresSchema(server: string = postgresUrl): Promise<PostgresSchema> {
  const name = `sallyport_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  if (url.pathname.length < 2) url.pathname = '/postgres';
  const whole = url.href;
  await runOnPostgres(whole, `CREATE SCHEMA ${name}`);
  url.searchParams.set('options', `-c search_path=${name}`);
  return {
    name,
    url: url.href,
    drop: async () => void (await runOnPostgres(whole, `DROP SCHEMA ${name} CASCADE`)),
  };
}
