import { randomBytes } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { env } from 'node:process';
import { silentLogger } from '@sallyport/core';
import { openExternalDatabase, openPostgres, openRedis } from '@sallyport/stores';

/** Where a test keeps its records. */
export type DatabaseKind = 'sqlite' | 'postgres' | 'mongodb';

const serverUrls = { postgres: env['TEST_POSTGRES_URL'] ?? '', mongodb: env['TEST_MONGODB_URL'] ?? '' } as const;

/** The Redis that all tests share; each test has a prefix of its own there. */
export const testRedisUrl = env['TEST_REDIS_URL'] ?? '';

export const databaseKinds: readonly DatabaseKind[] = ['sqlite', 'postgres', 'mongodb'];

/** Whether tests can run on a database. */
export function isAvailable(kind: DatabaseKind): boolean {
  return kind === 'sqlite' || serverUrls[kind] !== '';
}

/** An empty database of its own for one test; the embedded one has no URL. */
export interface TestDatabase {
  /** What the environment of a command line has to hold. */
  readonly variables: Readonly<Record<string, string>>;
  drop(): Promise<void>;
}

/** Makes an empty database on a server of the tests. */
export async function makeDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  if (kind === 'sqlite') return { variables: {}, drop: async () => {} };
  const name = `sallyport_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrls[kind]);
  if (kind === 'mongodb') {
    url.pathname = `/${name}`;
    return { variables: { DATABASE_URL: url.href }, drop: () => dropMongo(url.href) };
  }
  if (url.pathname.length < 2) url.pathname = '/postgres';
  const server = url.href;
  await runOnPostgres(server, `CREATE SCHEMA ${name}`);
  url.searchParams.set('options', `-c search_path=${name}`);
  return { variables: { DATABASE_URL: url.href }, drop: () => runOnPostgres(server, `DROP SCHEMA ${name} CASCADE`) };
}

/** Runs a statement on a PostgreSQL, past everything of ours. */
export async function runOnPostgres(url: string, statement: string): Promise<void> {
  const database = openPostgres({ url });
  const connection = await database.dedicated.connect();
  try {
    await connection.query(statement);
  } finally {
    connection.release(true);
    await database.close();
  }
}

/** Whether a test can start a Redis of its own. */
export const hasRedisServer = spawnSync('redis-server', ['--version']).status === 0;

/** Starts a Redis that is set up in another way than the one that all tests share, and waits until it answers. */
export async function startOwnRedis(settings: readonly string[]): Promise<{ readonly url: string; close(): void }> {
  const port = await freePort();
  const arguments_ = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...settings];
  const server = spawn('redis-server', arguments_, { cwd: tmpdir(), stdio: 'ignore' });
  const url = `redis://127.0.0.1:${port}`;
  const redis = openRedis({ url, prefix: 'test:', logger: silentLogger });
  try {
    await redis.ready(15_000);
  } finally {
    redis.close();
  }
  return { url, close: () => void server.kill('SIGKILL') };
}

/** A server that takes connections and never says a word. */
export async function startMuteServer(): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  return {
    port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = await startMuteServer();
  server.close();
  return server.port;
}

/** Writes documents as another program did, before a gateway has made anything in the database. */
export async function insertIntoMongo(url: string, collection: string, documents: readonly object[]): Promise<void> {
  const database = openExternalDatabase(url, silentLogger);
  if (database.kind === 'mongodb')
    await database.client
      .db(database.databaseName)
      .collection(collection)
      .insertMany([...documents]);
  await database.close();
}

async function dropMongo(url: string): Promise<void> {
  const database = openExternalDatabase(url, silentLogger);
  if (database.kind === 'mongodb') await database.client.db(database.databaseName).dropDatabase();
  await database.close();
}
