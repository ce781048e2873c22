import { openPostgres } from '@sallyport/stores';

/** Runs statements on a PostgreSQL as an operator does, and resolves to the rows where it is one. */
export async function runOnPostgres<Row = object>(url: string, statements: string): Promise<readonly Row[]> {
  const database = openPostgres({ url });
  const connection = await database.dedicated.connect();
  try {
    const { rows } = await connection.query<Row>(statements);
    return rows;
  } finally {
    // Not kept: a dump changes settings of the connection.
    connection.release(true);
    await database.close();
  }
}
