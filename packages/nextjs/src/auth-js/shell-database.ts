import { SallyportError } from '@sallyport/core';

/** A value of a statement, or of a row. */
export type SqlValue = string | number | null;

/** Where a shell keeps tokens and what ended: a small port, so that the application brings its own driver. */
export interface ShellDatabase {
  readonly dialect: 'sqlite' | 'postgresql';
  /**
   * Runs one statement, in a transaction of its own; `?` stands for each value.
   *
   * @returns the rows, also of `RETURNING`.
   * @throws `SP_STORE_UNAVAILABLE`
   */
  run(statement: string, ...values: readonly SqlValue[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** What is needed of a `Pool` of the package `pg`. */
export interface PostgresPool {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}

/** What is needed of a `DatabaseSync` of `node:sqlite`. */
export interface SqliteConnection {
  exec(statement: string): void;
  prepare(statement: string): { all(...values: SqlValue[]): readonly unknown[] };
}

const tables = [
  `CREATE TABLE IF NOT EXISTS sallyport_shell_tokens (
    handle_hash text PRIMARY KEY,
    client text NOT NULL,
    subject text NOT NULL,
    sid text,
    sealed text NOT NULL,
    version bigint NOT NULL,
    lease text NOT NULL,
    leased_until bigint NOT NULL,
    ends_at bigint NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS sallyport_shell_tokens_sid ON sallyport_shell_tokens (client, sid)',
  'CREATE INDEX IF NOT EXISTS sallyport_shell_tokens_subject ON sallyport_shell_tokens (client, subject)',
  'CREATE INDEX IF NOT EXISTS sallyport_shell_tokens_ends_at ON sallyport_shell_tokens (ends_at)',
  `CREATE TABLE IF NOT EXISTS sallyport_shell_logouts (
    mark text PRIMARY KEY,
    ended_at bigint NOT NULL,
    keep_until bigint NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS sallyport_shell_logouts_keep_until ON sallyport_shell_logouts (keep_until)',
];

/**
 * PostgreSQL, for any number of shells. The tables are made at the first use; the role needs the right for that once.
 *
 * @example
 * postgresDatabase(new Pool({ connectionString: process.env.SHELL_DATABASE_URL }));
 */
export function postgresDatabase(pool: PostgresPool): ShellDatabase {
  const query = async (statement: string, values: readonly SqlValue[]) => {
    let index = 0;
    const { rows } = await pool.query(
      statement.replaceAll('?', () => `$${++index}`),
      [...values],
    );
    return rows;
  };
  return createDatabase('postgresql', query);
}

/**
 * SQLite, for the processes of one machine.
 *
 * @example
 * sqliteDatabase(new DatabaseSync('/var/lib/shell/shell.db'));
 */
export function sqliteDatabase(connection: SqliteConnection): ShellDatabase {
  let isOpen = false;
  return createDatabase('sqlite', async (statement, values) => {
    if (!isOpen) connection.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    isOpen = true;
    return connection.prepare(statement).all(...values) as readonly Readonly<Record<string, unknown>>[];
  });
}

type Query = (statement: string, values: readonly SqlValue[]) => Promise<readonly Readonly<Record<string, unknown>>[]>;

function createDatabase(dialect: ShellDatabase['dialect'], query: Query): ShellDatabase {
  let made: Promise<void> | undefined;
  const makeTables = (): Promise<void> => {
    made ??= createTables(query).catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  return {
    dialect,
    async run(statement, ...values) {
      try {
        await makeTables();
        return await query(statement, values);
      } catch (cause) {
        throw new SallyportError('SP_STORE_UNAVAILABLE', { cause, reason: 'shell-database' });
      }
    },
  };
}

/** Two processes that begin at once make the same tables: PostgreSQL lets one of them fail although it says IF NOT EXISTS. */
async function createTables(query: Query): Promise<void> {
  for (const statement of tables) {
    try {
      await query(statement, []);
    } catch {
      await query(statement, []);
    }
  }
}
