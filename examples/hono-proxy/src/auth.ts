import { DatabaseSync } from 'node:sqlite';
import { betterAuth, type BetterAuthOptions } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';

export interface AuthOptions {
  /** Origin that the browser sees. */
  readonly publicUrl: string;
  /** Signs the session cookie: at least 32 random characters. */
  readonly secret: string;
  /** File of the SQLite database, or `:memory:`. */
  readonly databaseFile: string;
}

/** Better Auth, ready to use: what {@link createAuth} resolves to. */
export type Auth = Awaited<ReturnType<typeof createAuth>>;

/**
 * Accounts and sessions by Better Auth: email and password, one SQLite file, tables made on the first start.
 *
 * `cookieCache` stays off: with it a session that was signed out elsewhere would still pass here until the cache ends.
 */
export async function createAuth(options: AuthOptions) {
  const database = new DatabaseSync(options.databaseFile);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  const settings = {
    database,
    baseURL: options.publicUrl,
    basePath: '/auth',
    secret: options.secret,
    emailAndPassword: { enabled: true, minPasswordLength: 12 },
    telemetry: { enabled: false },
  } satisfies BetterAuthOptions;
  const { runMigrations } = await getMigrations(settings);
  await runMigrations();
  return betterAuth(settings);
}
