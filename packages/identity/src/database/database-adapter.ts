import { createRequire } from 'node:module';
import type { DBAdapter } from '@better-auth/core/db/adapter';
import { kyselyAdapter } from '@better-auth/kysely-adapter';
import type * as MongoAdapter from '@better-auth/mongo-adapter';
import type { BetterAuthOptions } from 'better-auth';
import { Kysely, PostgresDialect } from 'kysely';
import type { DatabaseHandle } from './database-handle.ts';
import { toPostgresPool } from './postgres-pool.ts';
import { guardAdapter } from './guarded-adapter.ts';
import { withAbsentNulls } from './mongo-collections.ts';
import { indexesOf } from './schema-tables.ts';
import { createSqliteDialect } from './sqlite-dialect.ts';

const require = createRequire(import.meta.url);

export interface DatabaseAdapterOptions {
  readonly database: DatabaseHandle;
  /** Whether several writes can become durable together. Only a MongoDB may lack it. */
  readonly hasTransactions: boolean;
  readonly isUsable: () => boolean;
}

/** Builds Better Auth's adapter for a database, behind our guard, for a schema. */
export function createDatabaseAdapter(options: DatabaseAdapterOptions): (schema: BetterAuthOptions) => DBAdapter {
  return (schema) => guardAdapter(createAdapter(options, schema), options.isUsable);
}

function createAdapter({ database, hasTransactions }: DatabaseAdapterOptions, schema: BetterAuthOptions): DBAdapter {
  switch (database.kind) {
    case 'sqlite': {
      const dialect = createSqliteDialect(database.database);
      return kyselyAdapter(new Kysely<unknown>({ dialect }), { type: 'sqlite', transaction: true })(schema);
    }
    case 'postgres': {
      const dialect = new PostgresDialect({ pool: toPostgresPool(database.pool) });
      return kyselyAdapter(new Kysely<unknown>({ dialect }), { type: 'postgres', transaction: true })(schema);
    }
    case 'mongodb': {
      const { client, databaseName } = database;
      // It brings the driver along, which most processes have no use for.
      const { mongodbAdapter } = require('@better-auth/mongo-adapter') as typeof MongoAdapter;
      const db = withAbsentNulls(client.db(databaseName), optionalUniqueColumnsOf(schema));
      return mongodbAdapter(db, { client, transaction: hasTransactions })(schema);
    }
  }
}

function optionalUniqueColumnsOf(schema: BetterAuthOptions): ReadonlyMap<string, ReadonlySet<string>> {
  const columns = new Map<string, Set<string>>();
  for (const index of indexesOf(schema)) {
    if (index.optionalType === undefined) continue;
    columns.set(index.table, new Set([...(columns.get(index.table) ?? []), ...index.columns]));
  }
  return columns;
}
