import { randomBytes } from 'node:crypto';
import { silentLogger } from '@sallyport/core';
import { openExternalDatabase, openPostgres } from '@sallyport/stores';
import type { Stores } from '../../tools/launch/demo-processes.ts';
import { startRedis } from '../../tools/test-servers/redis.ts';
import type { StoreCombination } from './store-combinations.ts';

/** Stores that one system has for itself. */
export interface OwnStores {
  readonly stores: Stores;
  /** Removes what the system left there. */
  dispose(): Promise<void>;
}

/**
 * Makes an empty database on the server of this run, and starts a Redis: a channel of Redis is heard in all of its
 * databases, and two systems must not hear one another.
 */
export async function openStoresFor({ name }: Pick<StoreCombination, 'name'>): Promise<OwnStores> {
  if (name === 'sqlite + in-process') return { stores: {}, dispose: () => Promise.resolve() };
  const redis = await startRedis();
  if (redis.kind === 'absent') throw new Error(redis.reason);
  const database = name === 'mongodb + redis' ? makeMongoDatabase() : await makePostgresSchema();
  return {
    stores: { ...database.stores, redisUrl: redis.url },
    dispose: async () => {
      await database.dispose();
      await redis.stop();
    },
  };
}

async function makePostgresSchema(): Promise<OwnStores> {
  const url = serverUrl('TEST_POSTGRES_URL');
  const schema = randomName();
  if (url.pathname.length < 2) url.pathname = '/postgres';
  await runOnPostgres(url.href, `CREATE SCHEMA ${schema}`);
  const own = new URL(url);
  own.searchParams.set('options', `-c search_path=${schema}`);
  return {
    stores: { databaseUrl: own.href },
    dispose: async () => void (await runOnPostgres(url.href, `DROP SCHEMA ${schema} CASCADE`)),
  };
}

/** The shop keeps its products there as well. */
function makeMongoDatabase(): OwnStores {
  const [accounts, products] = [serverUrl('TEST_MONGODB_URL'), serverUrl('TEST_MONGODB_URL')];
  accounts.pathname = `/${randomName()}`;
  products.pathname = `/${randomName()}`;
  return {
    stores: { databaseUrl: accounts.href, mongodbUrl: products.href },
    dispose: async () => {
      for (const { href } of [accounts, products]) await dropMongoDatabase(href);
    },
  };
}

async function dropMongoDatabase(url: string): Promise<void> {
  const database = openExternalDatabase(url, silentLogger);
  try {
    if (database.kind === 'mongodb') await database.client.db(database.databaseName).dropDatabase();
  } finally {
    await database.close();
  }
}

/** Runs one statement on a PostgreSQL, and gives its rows. */
export async function runOnPostgres<Row = object>(url: string, statement: string): Promise<readonly Row[]> {
  const database = openPostgres({ url });
  try {
    const connection = await database.dedicated.connect();
    const { rows } = await connection.query<Row>(statement);
    connection.release();
    return rows;
  } finally {
    await database.close();
  }
}

function serverUrl(variable: string): URL {
  return new URL(process.env[variable] ?? '');
}

function randomName(): string {
  return `sallyport_${randomBytes(6).toString('hex')}`;
}
