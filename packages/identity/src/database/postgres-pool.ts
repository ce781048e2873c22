import type { PostgresPool } from 'kysely';
import type { SqlConnections } from './database-handle.ts';

/** Hands connections to Kysely, which also describes cursors that are not used here. */
export function toPostgresPool(connections: SqlConnections): PostgresPool {
  return connections as unknown as PostgresPool;
}
