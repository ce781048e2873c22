import { randomBytes } from 'node:crypto';
import { silentLogger } from '@sallyport/core';
import { openExternalDatabase } from '@sallyport/stores';
import type { Stores } from '../../tools/launch/demo-processes.ts';
import { startRedis } from '../../tools/test-servers/redis.ts';
import { makePostgresSchema } from '../processes/postgres-schema.ts';
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
  const database = name === 'mongodb + redis' ? makeMongoDatabase() : await makeSchema();
  return {
    stores: { ...database.stores, redisUrl: redis.url },
    dispose: async () => {
      await database.dispose();
      await redis.stop();
    },
  };
}

async function makeSchema(): Promise<OwnStores> {
  const { url, drop } = await makePostgresSchema();
  return { stores: { databaseUrl: url }, dispose: drop };
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

function serverUrl(variable: string): URL {
  return new URL(process.env[variable] ?? '');
}

function randomName(): string {
  return `sallyport_${randomBytes(6).toString('hex')}`;
}
