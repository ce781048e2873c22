import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testServerUrl, titleOn } from '../test-server.test-support.ts';
import { openPostgres, type PostgresDatabase } from './open-postgres.ts';

const server = testServerUrl('postgres');

describe.skipIf(server === '')(titleOn('a PostgreSQL that is serializable by default', 'postgres'), () => {
  const table = `counted_${randomBytes(6).toString('hex')}`;
  const increment = `UPDATE ${table} SET n = n + 1`;
  let database: PostgresDatabase;
  beforeEach(async () => {
    const url = new URL(server);
    url.searchParams.set('options', '-c default_transaction_isolation=serializable');
    database = openPostgres({ url: url.href });
    await run(`CREATE TABLE ${table} AS SELECT 0 AS n`);
  });
  afterEach(async () => {
    await run(`DROP TABLE ${table}`);
    await database.close();
  });

  const run = async (sql: string): Promise<unknown> => {
    const connection = await database.pool.connect();
    try {
      return (await connection.query(sql)).rows[0];
    } finally {
      connection.release();
    }
  };
  const inTransaction = async (work: (query: (sql: string) => Promise<unknown>) => Promise<void>): Promise<void> => {
    const connection = await database.pool.connect();
    try {
      await connection.query('BEGIN');
      await work((sql) => connection.query(sql));
      await connection.query('COMMIT');
    } finally {
      // Whatever happened, nothing is left locked.
      connection.release(true);
    }
  };
  const waitingOnes = (): Promise<unknown> =>
    run(`SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query = '${increment}'`);

  it('runs transactions that do not mind what another one has written since they began', async () => {
    expect(await run('SHOW default_transaction_isolation')).toEqual({ default_transaction_isolation: 'serializable' });
    await inTransaction(async (query) => {
      await query(`SELECT n FROM ${table}`);
      await run(increment);
      await query(increment);
    });
    expect(await run(`SELECT n FROM ${table}`)).toEqual({ n: 2 });
  });

  it('has a statement that stands alone repeated when it met another one', async () => {
    let waiting: Promise<unknown> | undefined;
    await inTransaction(async (query) => {
      await query(increment);
      waiting = run(increment);
      await expect.poll(waitingOnes, { timeout: 10_000 }).toEqual({ count: 1 });
    });
    await waiting;
    expect(await run(`SELECT n FROM ${table}`)).toEqual({ n: 2 });
  });
});
