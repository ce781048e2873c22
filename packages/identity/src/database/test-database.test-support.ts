import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { silentLogger } from '@sallyport/core';
import { openEmbeddedDatabase, openExternalDatabase, openMongo, openPostgres } from '@sallyport/stores';
import type { DatabaseHandle } from './database-handle.ts';
import { readMongoAbilities } from './mongo-migration.ts';

export type DatabaseKind = DatabaseHandle['kind'];

/** An empty database of its own for one test. */
export interface TestDatabase {
  readonly handle: DatabaseHandle;
  /** Tells another process what to open; for `openAddress`. */
  readonly address: string;
  /** Everything that is stored, as text. */
  readonly dump: () => Promise<string>;
  /** Ends all connections, as an outage would. */
  readonly breakDown: () => Promise<void>;
  /** Closes it and removes what it holds. */
  readonly close: () => Promise<void>;
}

/** A database that was opened by its address. */
export interface OpenedAddress {
  readonly handle: DatabaseHandle;
  close(): Promise<void>;
}

export const databaseKinds: readonly DatabaseKind[] = ['sqlite', 'postgres', 'mongodb'];

const serverUrls = { postgres: env['TEST_POSTGRES_URL'], mongodb: env['TEST_MONGODB_URL'] } as const;

/** Says whether there is a server of this kind for tests. */
export function isAvailable(kind: DatabaseKind): boolean {
  return kind === 'sqlite' || serverUrlOf(kind) !== '';
}

/** Whether the server of this kind updates conditionally in one step. FerretDB 1 does not: races prove nothing there. */
export async function hasRaces(kind: DatabaseKind): Promise<boolean> {
  if (kind !== 'mongodb' || !isAvailable(kind)) return true;
  const opened = openAddress(new URL('/probe', serverUrlOf('mongodb')).href);
  try {
    return opened.handle.kind !== 'mongodb' || (await readMongoAbilities(opened.handle)).hasAtomicUpdates;
  } finally {
    await opened.close();
  }
}

/** The title of a group of tests, with the store that they run on, and why they do not when they do not. */
export function titleOn(title: string, kind: DatabaseKind): string {
  return isAvailable(kind)
    ? `${title} [${kind}]`
    : `${title} [${kind}] (no server: TEST_${kind.toUpperCase()}_URL is not set)`;
}

export async function openTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  switch (kind) {
    case 'sqlite':
      return openTestSqlite();
    case 'postgres':
      return openTestPostgres();
    case 'mongodb':
      return openTestMongo();
  }
}

/** Opens the database of another test process. */
export function openAddress(address: string): OpenedAddress {
  if (address.includes('://')) {
    const handle = openExternalDatabase(address, silentLogger);
    return { handle, close: () => handle.close() };
  }
  const database = openEmbeddedDatabase({ file: address });
  return { handle: { kind: 'sqlite', database }, close: async () => database.close() };
}

async function openTestSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-database-'));
  const file = join(folder, 'identity.sqlite');
  const database = openEmbeddedDatabase({ file });
  return {
    handle: { kind: 'sqlite', database },
    address: file,
    dump: async () =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name)).toString('latin1'))
        .join(''),
    breakDown: async () => database.close(),
    close: async () => {
      if (database.isOpen) database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openTestPostgres(): Promise<TestDatabase> {
  const schema = randomName();
  const server = new URL(serverUrlOf('postgres'));
  if (server.pathname.length < 2) server.pathname = '/postgres';
  await onServer(server.href, [`CREATE SCHEMA ${schema}`]);
  server.searchParams.set('options', `-c search_path=${schema}`);
  const handle = openPostgres({ url: server.href, maximumConnections: 5 });
  return {
    handle,
    address: server.href,
    dump: async () => {
      const connection = await handle.dedicated.connect();
      const tables = await connection.query<{ name: string }>(
        'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()',
      );
      const texts: string[] = [];
      for (const { name } of tables.rows)
        texts.push(JSON.stringify((await connection.query(`SELECT t::text AS t FROM "${name}" t`)).rows));
      connection.release();
      return texts.join('\n');
    },
    breakDown: () => handle.close(),
    close: async () => {
      await handle.close();
      await onServer(server.href, [`DROP SCHEMA ${schema} CASCADE`]);
    },
  };
}

async function openTestMongo(): Promise<TestDatabase> {
  const server = new URL(serverUrlOf('mongodb'));
  server.pathname = `/${randomName()}`;
  const handle = openMongo({ url: server.href, maximumConnections: 5, selectionTimeoutMilliseconds: 2_000 });
  return {
    handle,
    address: server.href,
    dump: async () => {
      const collections = await handle.client.db(handle.databaseName).collections();
      const texts = await Promise.all(collections.map(async (one) => JSON.stringify(await one.find().toArray())));
      return texts.join('\n');
    },
    breakDown: () => handle.close(),
    close: async () => {
      await handle.close();
      const cleaner = openMongo({ url: server.href });
      await cleaner.client.db(cleaner.databaseName).dropDatabase();
      await cleaner.close();
    },
  };
}

async function onServer(url: string, statements: readonly string[]): Promise<void> {
  const server = openPostgres({ url });
  const connection = await server.dedicated.connect();
  for (const statement of statements) await connection.query(statement);
  connection.release();
  await server.close();
}

function serverUrlOf(kind: 'postgres' | 'mongodb'): string {
  return serverUrls[kind] ?? '';
}

function randomName(): string {
  return `sallyport_${randomBytes(6).toString('hex')}`;
}
