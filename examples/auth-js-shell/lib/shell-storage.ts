import { DatabaseSync } from 'node:sqlite';
import { postgresDatabase, sqliteDatabase, type ShellDatabase, type StorageChoice } from '@sallyport/nextjs/auth-js';
import { Pool } from 'pg';
import type { ShellEnvironment } from './shell-environment.ts';

/**
 * Chooses where tokens are kept: `SHELL_STORAGE` is `vault` or `cookie`, and `SHELL_DATABASE_URL` is `postgres://…` or
 * `sqlite:<file>`. With cookies the database is optional: it remembers what ended, for more than one process.
 *
 * @throws Error that names what is missing.
 */
export function chooseStorage({ storage, databaseUrl }: ShellEnvironment): StorageChoice {
  const database = databaseUrl === undefined ? undefined : openDatabase(databaseUrl);
  if (storage === 'cookie') return { kind: 'cookie', endedSessions: database ?? 'this-process' };
  if (storage !== 'vault') throw new Error('SHELL_STORAGE is neither "vault" nor "cookie"');
  if (database === undefined) throw new Error('SHELL_DATABASE_URL is not set: the vault needs a database');
  return { kind: 'vault', database };
}

function openDatabase(url: string): ShellDatabase {
  if (url.startsWith('sqlite:')) return sqliteDatabase(new DatabaseSync(url.slice('sqlite:'.length)));
  if (!/^postgres(?:ql)?:\/\//.test(url))
    throw new Error('SHELL_DATABASE_URL begins with neither postgres:// nor sqlite:');
  const pool = new Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 3000 });
  // A connection that breaks while no query uses it is replaced by the next one; without a listener it would end the process.
  pool.on('error', () => {});
  return postgresDatabase(pool);
}
