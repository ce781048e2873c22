import type { PoolClient } from 'pg';
import { silentLogger, storeFaultWordOf, type Logger } from '@sallyport/core';
import { loadPostgresDriver } from '../drivers.ts';
import { resolveBySystem, type ResolveHost } from '../network/resolve-host.ts';
import { createPostgresClients, type PostgresClients } from './postgres-clients.ts';
import type { DecidedEncryption } from './postgres-encryption.ts';
import { hasSqlState, toSafeError, unavailable } from './postgres-errors.ts';
import { repeatConflicted } from './repeat-conflicted.ts';
import { parsePostgresUrl, type PostgresAddress, type PostgresEncryption } from './postgres-url.ts';

export interface PostgresOptions {
  /** The value of `DATABASE_URL`. */
  readonly url: string;
  /** The value of `DATABASE_DIRECT_URL`: the same database past its pooler, for migrations and claims. @default url */
  readonly directUrl?: string | undefined;
  /** The most connections of this process. @default `connection_limit` of the URL, or 10 */
  readonly maximumConnections?: number;
  /** The most calls that wait for a connection; a call beyond is refused at once. @default 500 */
  readonly maximumWaiting?: number;
  /** How long a call waits for a connection. @default `connect_timeout` of the URL, or 5000 */
  readonly connectTimeoutMilliseconds?: number;
  /** How long the server works on one statement. @default 10000 */
  readonly statementTimeoutMilliseconds?: number;
  /** Finds the addresses of names. @default the resolver of the machine */
  readonly resolve?: ResolveHost;
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
  /** What the server, or a pooler in its place, said that its process is. */
  readonly processId: number | undefined;
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

/** What the URL says about encryption, and what follows from it. */
export interface PostgresProtection {
  readonly asked: PostgresEncryption;
  readonly isEncrypted: boolean;
  readonly isPublic: boolean;
}

/** A PostgreSQL, as the rest of the system takes it. */
export interface PostgresDatabase {
  readonly kind: 'postgres';
  /** For requests: few connections, short waits. */
  readonly pool: PostgresConnections;
  /** For migrations and claims: a connection of its own each time, past the pooler where its address is known. */
  readonly dedicated: DedicatedConnections;
  /** How connections are protected. Rejects with `SP_STORE_UNAVAILABLE` when the name of the host cannot be resolved. */
  readEncryption(): Promise<PostgresProtection>;
  /** Names of parameters of the URL that have no effect here. */
  readonly ignoredParameters: readonly string[];
  /**
   * Uses the users and the passwords of other URLs for the same database, from the next connection on. What is connected
   * goes on, and is closed when it is given back.
   *
   * @throws OptionsError that names the variable and never its value.
   */
  useCredentials(url: string, directUrl?: string): void;
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
/** A standby, or a former primary that an operator made read-only. */
const readOnlyTransaction = '25006';

/**
 * Opens connections to a PostgreSQL. Nothing is connected until the first call.
 *
 * Every wait is bounded: for a connection, in line for one, for a lock, for a statement, and for a server that stands
 * still. What the driver throws comes out as it was when it has an SQLSTATE, without the values that the server quotes;
 * everything else comes out as `SP_STORE_UNAVAILABLE`.
 *
 * No state of a session is used, so that a transaction pooler may stand in front: limits and isolation are set with the
 * transaction. Every transaction is READ COMMITTED, whatever the server's default is.
 *
 * @throws OptionsError that names the variable and never its value.
 */
export function openPostgres(options: PostgresOptions): PostgresDatabase {
  const { url, directUrl, resolve = resolveBySystem, logger = silentLogger } = options;
  const address = parsePostgresUrl(url);
  const limits = { ...defaults, ...limitsOf(address), ...withoutUndefined(options) };
  const sessionLimits = {
    statement_timeout: limits.statementTimeoutMilliseconds,
    // A lock is worth less than the whole statement: a caller that waits for it should get that error and not a timeout.
    lock_timeout: Math.ceil(limits.statementTimeoutMilliseconds / 2),
    idle_in_transaction_session_timeout: idleInTransactionMilliseconds,
  };
  const { connectTimeoutMilliseconds } = limits;
  const shared = { connectTimeoutMilliseconds, resolve, logger };
  const clients = createPostgresClients({ ...shared, address, limits: sessionLimits });
  const directClients = createPostgresClients({
    ...shared,
    address: directUrl === undefined ? address : parsePostgresUrl(directUrl, 'DATABASE_DIRECT_URL'),
    limits: {},
  });
  if (address.ignoredParameters.length > 0)
    logger.info('parameters of DATABASE_URL have no effect here', {
      event: 'database-parameters-ignored',
      parameters: address.ignoredParameters.join(', '),
    });
  const { Pool } = loadPostgresDriver();
  const pool = new Pool({
    Client: clients.Client,
    max: limits.maximumConnections,
    connectionTimeoutMillis: connectTimeoutMilliseconds,
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
  const begin = beginWith(sessionLimits);
  let isClosed = false;

  return {
    kind: 'postgres',
    pool: {
      options: {},
      async connect() {
        if (isClosed) throw unavailable('pool-closed');
        const client = await attempt(() =>
          clients.connect(async () => {
            for (;;) {
              if (pool.waitingCount >= limits.maximumWaiting) throw unavailable('pool-exhausted');
              const taken = await pool.connect();
              if (!clients.isLeft(taken)) return taken;
              taken.release(true);
            }
          }),
        );
        return guardPooled(client, begin, clients);
      },
      async end() {},
    },
    dedicated: {
      options: {},
      connect: () => connectDedicated(directClients),
      async end() {},
    },
    readEncryption: async () => toProtection(address, await attempt(() => clients.encryption())),
    ignoredParameters: address.ignoredParameters,
    useCredentials: (renewed, renewedDirect) => {
      const credentials = parsePostgresUrl(renewed);
      const direct = renewedDirect === undefined ? undefined : parsePostgresUrl(renewedDirect, 'DATABASE_DIRECT_URL');
      clients.useCredentials(credentials);
      directClients.useCredentials(direct ?? credentials);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await pool.end();
    },
  };
}

function limitsOf({ maximumConnections, connectTimeoutMilliseconds }: PostgresAddress): Partial<PostgresOptions> {
  return {
    ...(maximumConnections === undefined ? {} : { maximumConnections }),
    ...(connectTimeoutMilliseconds === undefined ? {} : { connectTimeoutMilliseconds }),
  };
}

/** One statement for the server, also where limits of a session reach no client or another one of a pooler. */
function beginWith(limits: Readonly<Record<string, number>>): string {
  const settings = Object.entries(limits).map(([name, milliseconds]) => `SET LOCAL ${name} = ${milliseconds}`);
  return ['BEGIN ISOLATION LEVEL READ COMMITTED', ...settings].join('; ');
}

function guardPooled(
  client: PoolClient,
  begin: string,
  clients: Pick<PostgresClients, 'isCurrent' | 'leave'>,
): PostgresConnection {
  let isBroken = false;
  let isInTransaction = false;
  const note = (error: unknown): void => {
    // A connection whose answer never came, or that broke, must not serve the next caller.
    if (!hasSqlState(error)) isBroken = true;
    else if (error.code === readOnlyTransaction) {
      isBroken = true;
      clients.leave(client);
    }
  };
  const send = async <Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresResult<Row>> => {
    try {
      return (await client.query(sql, [...parameters])) as unknown as PostgresResult<Row>;
    } catch (error) {
      note(error);
      throw toSafeError(error);
    }
  };
  return {
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) => {
      if (/^\s*begin\s*;?\s*$/i.test(sql)) {
        isInTransaction = true;
        // Several statements in one message have a result each; none is read.
        return (await client.query(begin).catch((error: unknown) => {
          note(error);
          throw toSafeError(error);
        })) as unknown as PostgresResult<Row>;
      }
      if (/^\s*(?:commit|rollback)\s*;?\s*$/i.test(sql)) isInTransaction = false;
      if (isInTransaction) return send<Row>(sql, parameters);
      return repeatConflicted(send<Row>, sql, parameters, begin);
    },
    release: (destroy = false) => client.release(destroy || isBroken || !clients.isCurrent(client)),
  };
}

async function connectDedicated(clients: PostgresClients): Promise<DedicatedConnection> {
  const client = await attempt(() =>
    clients.connect(async () => {
      const made = new clients.Client();
      // The holder of the connection learns of its end by the next query, or listens for it.
      made.on('error', () => {});
      await made.connect();
      return made;
    }),
  );
  return {
    // The driver keeps it, and its types do not say so.
    processId: (client as { readonly processID?: number | null }).processID ?? undefined,
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await attempt(() => client.query(sql, [...parameters]))) as unknown as PostgresResult<Row>,
    release: () => void client.end().catch(() => {}),
    onEnd: (listener) => void client.once('end', listener),
  };
}

function toProtection({ encryption }: PostgresAddress, { ssl, isPublic }: DecidedEncryption): PostgresProtection {
  return { asked: encryption, isEncrypted: ssl !== false, isPublic };
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toSafeError(error);
  }
}

function withoutUndefined(options: PostgresOptions): Partial<typeof defaults> {
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined));
}
