import { silentLogger } from '@sallyport/core';
import { openExternalDatabase, openRedis } from '@sallyport/stores';
import type { Stores } from '../../tools/launch/demo-processes.ts';
import { runOnPostgres } from '../processes/run-on-postgres.ts';

/** A table, a collection or a key of a server, with everything that is in it. */
export interface StoredText {
  readonly place: string;
  readonly text: string;
}

/** Everything that a system keeps on the servers of its stores. What is embedded lies in its data folder. */
export async function readStoredTexts({ databaseUrl, redisUrl, mongodbUrl }: Stores): Promise<readonly StoredText[]> {
  const databases = [databaseUrl, mongodbUrl].filter((url) => url !== undefined);
  return [
    ...(
      await Promise.all(databases.map((url) => (url.startsWith('postgres') ? readPostgres(url) : readMongo(url))))
    ).flat(),
    ...(redisUrl === undefined ? [] : await readRedis(redisUrl)),
  ];
}

async function readPostgres(url: string): Promise<readonly StoredText[]> {
  const tables = await runOnPostgres<{ name: string }>(
    url,
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()',
  );
  return Promise.all(
    tables.map(async ({ name }) => {
      const rows = await runOnPostgres<{ text: string }>(url, `SELECT to_jsonb(t)::text AS text FROM "${name}" t`);
      return { place: `table ${name}`, text: rows.map(({ text }) => text).join('\n') };
    }),
  );
}

async function readMongo(url: string): Promise<readonly StoredText[]> {
  const database = openExternalDatabase(url, silentLogger);
  if (database.kind !== 'mongodb') throw new TypeError('not a MongoDB');
  try {
    const collections = await database.client.db(database.databaseName).collections();
    return await Promise.all(
      collections.map(async (collection) => ({
        place: `collection ${collection.collectionName}`,
        text: JSON.stringify(await collection.find().toArray()),
      })),
    );
  } finally {
    await database.close();
  }
}

const readers: Readonly<Record<string, (key: string) => readonly string[]>> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
};

async function readRedis(url: string): Promise<readonly StoredText[]> {
  const redis = openRedis({ url });
  try {
    await redis.ready(5000);
    const keys = (await redis.command('', ['KEYS', '*'])) as readonly string[]; // A list of names.
    return await Promise.all(
      keys.map(async (key) => {
        const type = String(await redis.command(key, ['TYPE', key]));
        const command = readers[type]?.(key);
        // A key may be over by now; a type without a reader must not pass for one that holds nothing.
        if (command === undefined && type !== 'none') throw new TypeError(`Nothing reads the type ${type} of Redis`);
        return { place: `key ${key}`, text: `${key} ${JSON.stringify(await redis.command(key, command ?? ['PING']))}` };
      }),
    );
  } finally {
    redis.close();
  }
}
