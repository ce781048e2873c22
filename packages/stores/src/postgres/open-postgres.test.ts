import { afterEach, describe, expect, it } from 'vitest';
import { isDuplicateRow, isStoreFault, isTransactionConflict, toStoreError } from '@sallyport/core';
import { layWire, testServerUrl, throughWire, titleOn, type Wire } from '../test-server.test-support.ts';
import { waitForDatabase } from '../wait-for-database.ts';
import { openPostgres, type PostgresDatabase, type PostgresOptions } from './open-postgres.ts';

const server = testServerUrl('postgres');
const outage = { code: 'SP_STORE_UNAVAILABLE' };

describe.skipIf(server === '')(titleOn('a PostgreSQL', 'postgres'), () => {
  const opened: PostgresDatabase[] = [];
  const wires: Wire[] = [];
  afterEach(async () => {
    for (const wire of wires.splice(0)) await wire.cut();
    for (const database of opened.splice(0)) await database.close();
  });

  const open = (options: Partial<PostgresOptions> = {}): PostgresDatabase => {
    const database = openPostgres({ url: throughWire(server, { ...noWire }, 'postgres'), ...options });
    opened.push(database);
    return database;
  };
  const openThroughWire = async (options: Partial<PostgresOptions> = {}) => {
    const wire = await layWire(server);
    wires.push(wire);
    return { wire, database: open({ url: throughWire(server, wire, 'postgres'), ...options }) };
  };
  const noWire = { port: Number(new URL(server === '' ? 'postgres://x:1' : server).port) } as Wire;

  const run = async (database: PostgresDatabase, sql: string): Promise<unknown> => {
    const connection = await database.pool.connect();
    try {
      return (await connection.query(sql)).rows;
    } catch (error) {
      throw toStoreError(error);
    } finally {
      connection.release();
    }
  };

  it('says SP_STORE_UNAVAILABLE when no server listens, and answers again later', async () => {
    const { wire, database } = await openThroughWire();
    expect(await run(database, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await wire.cut();
    await expect(run(database, 'SELECT 1')).rejects.toMatchObject(outage);
  });

  it('gives up on a server that stands still, and does not use that connection again', async () => {
    const { wire, database } = await openThroughWire({
      maximumConnections: 1,
      statementTimeoutMilliseconds: 200,
      connectTimeoutMilliseconds: 1_000,
    });
    await run(database, 'SELECT 1');
    wire.hold();
    await expect(run(database, 'SELECT 1')).rejects.toMatchObject(outage);
    wire.resume();
    expect(await run(database, 'SELECT 2 AS n')).toEqual([{ n: 2 }]);
  });

  it('does not let calls pile up behind a server that stands still', async () => {
    const { wire, database } = await openThroughWire({
      maximumConnections: 1,
      maximumWaiting: 3,
      statementTimeoutMilliseconds: 200,
      connectTimeoutMilliseconds: 500,
    });
    await run(database, 'SELECT 1');
    wire.hold();
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => run(database, 'SELECT 1')));
    const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as object) : {}));
    for (const reason of reasons) expect(reason).toMatchObject(outage);
    expect(reasons.filter((reason) => 'reason' in reason && reason.reason === 'pool-exhausted').length).toBe(47);
  });

  it('survives the end of an idle connection', async () => {
    const database = open({ maximumConnections: 1 });
    const [row] = (await run(database, 'SELECT pg_backend_pid() AS pid')) as { pid: number }[];
    await run(open(), `SELECT pg_terminate_backend(${row?.pid})`);
    await expect.poll(() => run(database, 'SELECT 1 AS n').catch(() => undefined)).toEqual([{ n: 1 }]);
  });

  it('survives the end of a connection that is lent out, between two queries', async () => {
    const connection = await open().pool.connect();
    const { rows } = await connection.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await run(open(), `SELECT pg_terminate_backend(${rows[0]?.pid})`);
    const failure = await connection.query('SELECT 1').catch((error: unknown) => error);
    connection.release();
    expect(toStoreError(failure)).toMatchObject(outage);
  });

  it.each([
    { name: 'a statement that takes too long', sql: 'SELECT pg_sleep(10)' },
    { name: 'a server that may only read', sql: 'SET default_transaction_read_only = on; CREATE TABLE t (a int)' },
    { name: 'a connection that was ended', sql: 'SELECT pg_terminate_backend(pg_backend_pid())' },
  ])('says SP_STORE_UNAVAILABLE for $name', async ({ sql }) => {
    const database = open({ statementTimeoutMilliseconds: 200 });
    const connection = await database.pool.connect();
    const attempt = async (): Promise<void> => {
      for (const statement of sql.split('; ')) await connection.query(statement);
    };
    const failure = await attempt().catch((error: unknown) => error);
    connection.release(true);
    expect(toStoreError(failure)).toMatchObject(outage);
  });

  describe('with credentials that are renewed', () => {
    const role = `sallyport_${Math.random().toString(36).slice(2)}`;
    const as = (name: string): string => {
      const url = new URL(throughWire(server, { ...noWire }, 'postgres'));
      [url.username, url.password] = [name, 'x'];
      return url.href;
    };
    const currentUser = async (database: PostgresDatabase): Promise<unknown> =>
      run(database, 'SELECT current_user::text AS name, pg_backend_pid() AS pid');

    it('connects as the new user from the next connection on, and closes what it gets back', async () => {
      await run(open(), `CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
      try {
        const database = open({ maximumConnections: 1 });
        const connection = await database.pool.connect();
        database.useCredentials(as(role));
        // What is lent out goes on, also for the caller that has it.
        await connection.query('SELECT 1');
        connection.release();
        expect(await currentUser(database)).toMatchObject([{ name: role }]);
        const [first] = (await currentUser(database)) as { pid: number }[];
        const [second] = (await currentUser(database)) as { pid: number }[];
        expect(second?.pid).toBe(first?.pid);
        const dedicated = await database.dedicated.connect();
        expect((await dedicated.query('SELECT current_user::text AS name')).rows).toEqual([{ name: role }]);
        dedicated.release();
        await database.close();
      } finally {
        await expect
          .poll(() =>
            run(open(), `DROP ROLE ${role}`).then(
              () => 'dropped',
              () => 'used',
            ),
          )
          .toBe('dropped');
      }
    });

    it('keeps its connections when user and password are the same', async () => {
      const same = throughWire(server, { ...noWire }, 'postgres');
      const database = open({ maximumConnections: 1 });
      const [before] = (await currentUser(database)) as { pid: number }[];
      database.useCredentials(same);
      const [after] = (await currentUser(database)) as { pid: number }[];
      expect(after?.pid).toBe(before?.pid);
    });

    it('stays as it was when the new address cannot be read', async () => {
      const database = open();
      const before = (await currentUser(database)) as { name: string }[];
      expect(() => database.useCredentials('mysql://canary')).toThrow(/DATABASE_URL/);
      expect(() => database.useCredentials('mysql://canary')).not.toThrow(/canary/);
      expect(await currentUser(database)).toMatchObject([{ name: before[0]?.name }]);
    });
  });

  it('quotes nothing of a row or a parameter in an error', async () => {
    const connection = await open().dedicated.connect();
    await connection.query('CREATE TEMPORARY TABLE t (email text UNIQUE, born date)');
    const insert = (email: string, born: string) =>
      connection.query('INSERT INTO t VALUES ($1, $2)', [email, born]).catch((error: unknown) => error);
    await insert('canary@x.test', '2000-01-01');
    const duplicate = await insert('canary@x.test', '2000-01-01');
    const unreadable = await insert('other', 'canary');
    connection.release();
    expect(isDuplicateRow(duplicate)).toBe(true);
    expect(isStoreFault(unreadable)).toBe(false);
    for (const error of [duplicate, unreadable])
      expect(`${JSON.stringify(error)} ${String((error as Error).stack)}`).not.toContain('canary');
  });

  it('knows two transactions that block one another', async () => {
    const database = open();
    const [first, second] = [await database.dedicated.connect(), await database.dedicated.connect()];
    const lock = (connection: typeof first, key: number) =>
      connection.query('SELECT pg_advisory_xact_lock(77, $1)', [key]);
    await first.query('BEGIN');
    await second.query('BEGIN');
    await lock(first, 1);
    await lock(second, 2);
    const outcomes = await Promise.allSettled([lock(first, 2), lock(second, 1)]);
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    first.release();
    second.release();
    expect(isTransactionConflict(failure?.reason)).toBe(true);
    expect(isStoreFault(failure?.reason)).toBe(true);
  });

  it('is waited for at a start, and not for ever', async () => {
    const { wire, database } = await openThroughWire();
    await waitForDatabase(database);
    await wire.cut();
    const failure = await waitForDatabase(database, { maximumMilliseconds: 0 }).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/does not answer.*DATABASE_URL/);
    expect(String(failure)).not.toContain('127.0.0.1');
  });

  it('that does not know the database is not waited for', async () => {
    const database = open({ url: throughWire(server, noWire, 'no_such_database') });
    await expect(waitForDatabase(database)).rejects.toThrow(/3D000/);
  });
});
