import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import type { Logger } from '@sallyport/core';
import { loadPostgresDriver } from '../drivers.ts';
import { createLookup, type ResolveHost } from '../network/resolve-host.ts';
import { decideEncryption, type DecidedEncryption } from './postgres-encryption.ts';
import { hasSqlState, isStartupParameterRefused, unavailable } from './postgres-errors.ts';
import type { PostgresAddress, PostgresHost } from './postgres-url.ts';

export interface PostgresClientsOptions {
  readonly address: PostgresAddress;
  readonly connectTimeoutMilliseconds: number;
  /** Parameters of a start that a pooler may not know; nothing depends on them. */
  readonly limits: Pick<ClientConfig, 'statement_timeout' | 'lock_timeout' | 'idle_in_transaction_session_timeout'>;
  readonly resolve: ResolveHost;
  readonly logger: Logger;
}

/** Makes clients for one address, each as user, encryption and pooler are at that moment. */
export interface PostgresClients {
  readonly Client: typeof Client;
  /** Connects, once more where a pooler does not take the parameters. Rejects as the driver does. */
  connect<T>(connect: () => Promise<T>): Promise<T>;
  /** Decides it when it is first asked. Rejects when the name of the host cannot be resolved. */
  encryption(): Promise<DecidedEncryption>;
  useCredentials(credentials: PostgresCredentials): void;
  /** Whether a client connected with the credentials, and to the server, that count now. */
  isCurrent(client: object): boolean;
  /** Whether a client is connected to a server that was left. */
  isLeft(client: object): boolean;
  /** Leaves the server of a client, which takes no writes: the next connection goes to another one, where there is one. */
  leave(client: object): void;
}

export type PostgresCredentials = Pick<PostgresAddress, 'user' | 'password'>;

const keepAliveDelayMilliseconds = 10_000;

export function createPostgresClients(options: PostgresClientsOptions): PostgresClients {
  const { address, connectTimeoutMilliseconds, limits, resolve, logger } = options;
  const driver = loadPostgresDriver();
  let credentials: PostgresCredentials = { user: address.user, password: address.password };
  let takesLimits = !address.isPooled;
  const servers = address.hosts.map(({ host, port }): Server => ({ host, port, encryption: undefined }));
  let current = 0;
  let round = 0;
  const connectedAs = new WeakMap<object, PostgresCredentials>();
  const connectedTo = new WeakMap<object, Connected>();
  const usedServer = (): Server => servers[current] ?? { ...address, encryption: undefined };

  const decide = async (server: Server): Promise<DecidedEncryption> => {
    const { host } = server;
    server.encryption ??= await decideEncryption({ host, encryption: address.encryption }, resolve);
    return server.encryption;
  };
  /** Several callers may find the same server wanting: only the first of them goes on to the next one. */
  const leave = (from: Connected | undefined): void => {
    if (from === undefined || from.server !== current || from.round !== round || servers.length === 1) return;
    current = (current + 1) % servers.length;
    round += 1;
    logger.warn('another server of DATABASE_URL is tried', { event: 'database-server-changed', server: current + 1 });
  };
  class CurrentClient extends driver.Client {
    constructor(config?: ClientConfig) {
      const { host, port, encryption = { ssl: false, isPrivateOnly: true } } = usedServer();
      super({
        ...config,
        host,
        port,
        database: address.database,
        ...credentials,
        application_name: address.applicationName,
        options: address.options,
        keepAlive: true,
        keepAliveInitialDelayMillis: keepAliveDelayMilliseconds,
        connectionTimeoutMillis: connectTimeoutMilliseconds,
        ssl: encryption.ssl,
        enableChannelBinding: address.isChannelBound,
        stream: () => createSocket(resolve, encryption.isPrivateOnly),
        ...(takesLimits ? limits : {}),
      });
      // Until the pool or the holder listens: an error without a listener ends the process.
      this.on('error', () => {});
      connectedAs.set(this, credentials);
      connectedTo.set(this, { server: current, round });
    }

    override connect(): Promise<Client>;
    override connect(callback: ((error: Error) => void) | ((error: null, client: Client) => void)): void;
    override connect(callback?: (error: never, client: never) => void): Promise<Client> | void {
      const connected = connectToWritable(() => super.connect(), address.mustTakeWrites).catch((error: unknown) => {
        if (isFaultOfServer(error)) leave(connectedTo.get(this));
        throw error;
      });
      if (callback === undefined) return connected;
      // The pool's own callback, which takes no error for success.
      const done = callback as (error?: unknown) => void;
      void report(connected, done);
    }
  }
  /** Tries each server once. */
  const connectSomewhere = async <T>(connect: () => Promise<T>): Promise<T> => {
    for (let tried = 1; ; tried += 1) {
      const before = round;
      try {
        const server = usedServer();
        await decide(server).catch((error: unknown) => {
          leave({ server: current, round });
          throw error;
        });
        return await connect();
      } catch (error) {
        if (tried >= servers.length || round === before) throw error;
      }
    }
  };

  return {
    Client: CurrentClient,
    connect: async (connectOnce) => {
      const connect = () => connectSomewhere(connectOnce);
      try {
        return await connect();
      } catch (error) {
        if (!isStartupParameterRefused(error)) throw error;
      }
      if (takesLimits) {
        takesLimits = false;
        logger.info('a pooler in front of the database takes no time limits: they hold in transactions, and here', {
          event: 'database-pooler-without-limits',
        });
      }
      try {
        return await connect();
      } catch (error) {
        throw isStartupParameterRefused(error) ? unavailable('options-refused') : error;
      }
    },
    encryption: async () => {
      const outcomes = await Promise.allSettled(servers.map(decide));
      const known = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const [first] = known;
      // One that cannot be resolved is no server to connect to either.
      if (first === undefined) throw outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
      return {
        ssl: known.find(({ ssl }) => ssl === false)?.ssl ?? first.ssl,
        isPrivateOnly: known.every(({ isPrivateOnly }) => isPrivateOnly),
        isPublic: known.some(({ isPublic }) => isPublic),
      };
    },
    useCredentials: ({ user, password }) => {
      // Connections that were made with the same ones stay.
      if (user !== credentials.user || password !== credentials.password) credentials = { user, password };
    },
    isCurrent: (client) => connectedAs.get(client) === credentials && connectedTo.get(client)?.round === round,
    isLeft: (client) => connectedTo.get(client)?.round !== round,
    leave: (client) => leave(connectedTo.get(client)),
  };
}

interface Server extends PostgresHost {
  encryption: DecidedEncryption | undefined;
}

/** Which server a client was made for, and after how many changes of the server. */
interface Connected {
  readonly server: number;
  readonly round: number;
}

async function report(connected: Promise<unknown>, done: (error?: unknown) => void): Promise<void> {
  let failure: unknown;
  try {
    await connected;
  } catch (error) {
    failure = error;
  }
  // Past the promise: what the driver's callback throws is not a failure of the connection.
  setImmediate(() => done(failure));
}

async function connectToWritable(connect: () => Promise<Client>, mustTakeWrites: boolean): Promise<Client> {
  const client = await connect();
  if (!mustTakeWrites) return client;
  // "on" at a standby, and where an operator made a former primary read-only.
  const { rows } = await client.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
  if (rows[0]?.transaction_read_only === 'off') return client;
  await client.end().catch(() => {});
  throw unavailable('read-only-server');
}

/** A server that is away, starts, shuts down, or takes no writes: another one may do. What it refused is refused everywhere. */
function isFaultOfServer(error: unknown): boolean {
  return hasSqlState(error) ? error.code.startsWith('57') : !isStartupParameterRefused(error);
}

/** A socket whose names are resolved by us, so that plain text never goes to an address that was not looked at. */
function createSocket(resolve: ResolveHost, isPrivateOnly: boolean): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  const connectLookedUp = (...[port, host]: readonly [number, string] | readonly [string, undefined]): Socket =>
    host === undefined
      ? connect(String(port))
      : connect({ port: Number(port), host, lookup: createLookup(resolve, isPrivateOnly) });
  // The driver calls it with a port and a host, or with the path of a socket.
  socket.connect = connectLookedUp as unknown as typeof socket.connect;
  return socket;
}
