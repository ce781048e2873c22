import { openPostgres } from '@sallyport/stores';

/** The server of the tests; empty where there is none. */
export const postgresUrl = process.env['TEST_POSTGRES_URL'] ?? '';

/** The address of the server, with all names looked up in one schema. */
export function databaseUrl(schema: string): string {
  const url = new URL(postgresUrl);
  if (url.pathname.length < 2) url.pathname = '/postgres';
  url.searchParams.set('options', `-c search_path=${schema}`);
  return url.href;
}

export async function runOnPostgres(statement: string): Promise<void> {
  const database = openPostgres({ url: databaseUrl('public') });
  const connection = await database.dedicated.connect();
  try {
    await connection.query(statement);
  } finally {
    connection.release();
    await database.close();
  }
}
