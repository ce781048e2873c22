import type { DatabaseSync } from 'node:sqlite';
import type { mongodbAdapter } from '@better-auth/mongo-adapter';

/** A connection of a PostgreSQL driver that has no other user until it is released. */
export interface SqlConnection {
  query<Row>(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<{
    readonly command: 'UPDATE' | 'DELETE' | 'INSERT' | 'SELECT' | 'MERGE' | 'COMMIT' | 'ROLLBACK';
    readonly rowCount: number;
    readonly rows: Row[];
  }>;
  release(destroy?: boolean): void;
}

/** Connections of a PostgreSQL driver. */
export interface SqlConnections {
  connect(): Promise<SqlConnection>;
  end(): Promise<void>;
  readonly options: object;
}

/** A database of the MongoDB driver. */
export type MongoDb = Parameters<typeof mongodbAdapter>[0];

/** A client of the MongoDB driver. */
export type MongoDriverClient = NonNullable<NonNullable<Parameters<typeof mongodbAdapter>[1]>['client']>;

/** The embedded database. */
export interface SqliteHandle {
  readonly kind: 'sqlite';
  readonly database: DatabaseSync;
}

/** A PostgreSQL. Tables are made in the first schema of its search path. */
export interface PostgresHandle {
  readonly kind: 'postgres';
  readonly pool: SqlConnections;
  /** Connections without a limit on statements, for migrations. */
  readonly dedicated: SqlConnections;
}

/** A MongoDB, or what speaks its protocol. */
export interface MongoHandle {
  readonly kind: 'mongodb';
  readonly client: MongoDriverClient;
  readonly databaseName: string;
  /** Runs work that only one process may do at a time. */
  withLock<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** An open database. Its owner closes it. */
export type DatabaseHandle = SqliteHandle | PostgresHandle | MongoHandle;
