import type { ClientConfig, PoolClient } from 'pg';
import { SallyportError, silentLogger, storeFaultWordOf, type Logger } from '@sallyport/core';
import { loadPostgresDriver } from '../drivers.ts';
import { parsePostgresUrl, type PostgresAddress } from './postgres-url.ts';

export interface PostgresOptions {
  /** The value of `DATABASE_URL`. */
  readonly url: string;
  /** The most connections of this process. @default 10 */
  readonly maximumConnections?: number;
  /** The most calls that wait for a connection; a call beyond is refused at once. @default 500 */
  readonly maximumWaiting?: number;
  /** How long a call waits for a connection. @default 5000 */
  readonly connectTimeoutMilliseconds?: number;
  /** How long the server works on one statement. @default 10000 */
  readonly statementTimeoutMilliseconds?: number;
  /** @default silentLogger */
  readonly logger?: Logger;
}

/** What a caller gets from a pool: a connection of its own until it is released. */
export interface PostgresConnection {
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<PostgresResult<Row>>;
  /** Gives the connection back; `true` closes it. */
  release(destroy?: boolean): void;
}

/** A connection that is not shared for as long as it lasts. */
export interface DedicatedConnection extends PostgresConnection {
  /** Hears once that the connection ended, for whatever reason. */
  onEnd(listener: () => void): void;
}

/** What a statement came to. */
export interface PostgresResult<Row> {
  readonly command: 'UPDATE' | 'DELETE' | 'INSERT' | 'SELECT' | 'MERGE' | 'COMMIT' | 'ROLLBACK';
  readonly rowCount: number;
  readonly rows: Row[];
}

/** Connections to one database. */
export interface PostgresConnections {
  connect(): Promise<PostgresConnection>;
  end(): Promise<void>;
  readonly options: object;
}

/** Connections that are made for one caller each. */
export interface DedicatedConnections extends PostgresConnections {
  connect(): Promise<DedicatedConnection>;
}

/** A PostgreSQL, as the rest of the system takes it. */
export interface PostgresDatabase {
  readonly kind: 'postgres';
  /** For requests: few connections, short waits. */
  readonly pool: PostgresConnections;
  /** For migrations and claims: a connection of its own each time, and statements that may take long. */
  readonly dedicated: DedicatedConnections;
  /**
   * Uses the user and the password of another URL for the same database, from the next connection on. What is connected
   * goes on, and is closed when it is given back.
   *
   * @throws OptionsError that names DATABASE_URL and never its value.
   */
  useCredentials(url: string): void;
  close(): Promise<void>;
}

const defaults = {
  maximumConnections: 10,
  maximumWaiting: 500,
  connectTimeoutMilliseconds: 5_000,
  statementTimeoutMilliseconds: 10_000,
} as const;

/** The server ends a statement itself; only when it stands still altogether does this process give up on it. */
const graceMilliseconds = 2_000;
const idleInTransactionMilliseconds = 15_000;
const keepAliveDelayMilliseconds = 10_000;

/**
 * Opens connections to a PostgreSQL. Nothing is connected until the first call.
 *
 * Every wait is bounded: for a connection, in line for one, for a lock, for a statement, and for a server that stands
 * still. What the driver throws comes out as it was when it has an SQLSTATE, without the values that the server quotes;
 * everything else comes out as `SP_STORE_UNAVAILABLE`.
 *
 * @throws OptionsError that names DATABASE_URL and never its value.
 */
export function openPostgres(options: PostgresOptions): PostgresDatabase {
  const { url, logger = silentLogger } = options;
  const limits = { ...defaults, ...withoutUndefined(options) };
  const connection = toClientConfig(url, limits.connectTimeoutMilliseconds);
  const { Pool, Client } = loadPostgresDriver();
  let credentials = toCredentials(parsePostgresUrl(url));
  const connectedAs = new WeakMap<object, Credentials>();
  /** Connects as the user of that moment. */
  class CurrentClient extends Client {
    constructor(config?: ClientConfig) {
      super({ ...config, ...credentials });
      connectedAs.set(this, credentials);
    }
  }
  const pool = new Pool({
    ...connection,
    Client: CurrentClient,
    max: limits.maximumConnections,
    statement_timeout: limits.statementTimeoutMilliseconds,
    // A lock is worth less than the whole statement: a caller that waits for it should get that error and not a timeout.
    lock_timeout: Math.ceil(limits.statementTimeoutMilliseconds / 2),
    idle_in_transaction_session_timeout: idleInTransactionMilliseconds,
    query_timeout: limits.statementTimeoutMilliseconds + graceMilliseconds,
  });
  // A server that closes an idle connection must not end the process; the pool has dropped it already.
  pool.on('error', (error) =>
    logger.warn('an idle database connection ended', {
      event: 'database-connection-ended',
      error: storeFaultWordOf(error),
    }),
  );
  // While a connection is lent out the pool does not listen, and an error without a listener ends the process. The
  // holder of the connection learns of its end by the next query.
  pool.on('connect', (client) => void client.on('error', () => {}));
  let isClosed = false;

  return {
    kind: 'postgres',
    pool: {
      options: {},
      async connect() {
        if (isClosed) throw unavailable('pool-closed');
        if (pool.waitingCount >= limits.maximumWaiting) throw unavailable('pool-exhausted');
        const client = await attempt(() => pool.connect());
        return guardPooled(client, () => connectedAs.get(client) === credentials);
      },
      async end() {},
    },
    dedicated: {
      options: {},
      connect: () => connectDedicated({ ...connection, ...credentials }),
      async end() {},
    },
    useCredentials: (renewed) => {
      const { user, password } = parsePostgresUrl(renewed);
      // Connections that were made with the same ones stay.
      if (user !== credentials.user || password !== credentials.password) credentials = { user, password };
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await pool.end();
    },
  };
}

function toClientConfig(url: string, connectTimeoutMilliseconds: number): ClientConfig {
  const { host, port, database, ssl, applicationName, options, ...credentials } = parsePostgresUrl(url);
  return {
    host,
    port,
    ...toCredentials(credentials),
    database,
    ssl,
    application_name: applicationName,
    options,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMilliseconds,
    connectionTimeoutMillis: connectTimeoutMilliseconds,
  };
}

type Credentials = Pick<PostgresAddress, 'user' | 'password'>;

function toCredentials({ user, password }: Credentials): Credentials {
  return { user, password };
}

/** @param isCurrent whether the connection was made with the credentials that count now. */
function guardPooled(client: PoolClient, isCurrent: () => boolean): PostgresConnection {
  let isBroken = false;
  return {
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) => {
      try {
        return (await client.query(sql, [...parameters])) as unknown as PostgresResult<Row>;
      } catch (error) {
        // A connection whose answer never came, or that broke, must not serve the next caller.
        if (!hasSqlState(error)) isBroken = true;
        throw toSafeError(error);
      }
    },
    release: (destroy = false) => client.release(destroy || isBroken || !isCurrent()),
  };
}

async function connectDedicated(connection: ClientConfig): Promise<DedicatedConnection> {
  const { Client } = loadPostgresDriver();
  const client = new Client({ ...connection, statement_timeout: 0, lock_timeout: 0 });
  // The holder of the connection learns of its end by the next query, or listens for it.
  client.on('error', () => {});
  await attempt(() => client.connect());
  return {
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await attempt(() => client.query(sql, [...parameters]))) as unknown as PostgresResult<Row>,
    release: () => void client.end().catch(() => {}),
    onEnd: (listener) => void client.once('end', listener),
  };
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toSafeError(error);
  }
}

/** Errors of the server quote values of rows and parameters; those of the driver have no code of their own. */
function toSafeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TypeError) return error;
  if (!hasSqlState(error)) return new SallyportError('SP_STORE_UNAVAILABLE', { cause: error });
  return new PostgresError(error.code, error.severity);
}

/** What a PostgreSQL server refused: its SQLSTATE, and nothing that it quoted. */
class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly code: string;
  readonly severity: string;

  constructor(code: string, severity: string) {
    super(`the database answered with SQLSTATE ${code}`);
    this.code = code;
    this.severity = severity;
  }
}

function hasSqlState(error: unknown): error is Error & { readonly code: string; readonly severity: string } {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return false;
  return typeof error.code === 'string' && typeof error.severity === 'string';
}

function unavailable(reason: string): SallyportError {
  return new SallyportError('SP_STORE_UNAVAILABLE', { reason });
}

function withoutUndefined(options: PostgresOptions): Partial<typeof defaults> {
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined));
}
