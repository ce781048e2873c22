import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import type { Logger } from '@sallyport/core';
import { loadPostgresDriver } from '../drivers.ts';
import { createLookup, type ResolveHost } from '../network/resolve-host.ts';
import { decideEncryption, type DecidedEncryption } from './postgres-encryption.ts';
import { isStartupParameterRefused, unavailable } from './postgres-errors.ts';
import type { PostgresAddress } from './postgres-url.ts';

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
  /** Whether a client connected with the credentials that count now. */
  isCurrent(client: object): boolean;
}

export type PostgresCredentials = Pick<PostgresAddress, 'user' | 'password'>;

const keepAliveDelayMilliseconds = 10_000;

export function createPostgresClients(options: PostgresClientsOptions): PostgresClients {
  const { address, connectTimeoutMilliseconds, limits, resolve, logger } = options;
  const driver = loadPostgresDriver();
  let credentials: PostgresCredentials = { user: address.user, password: address.password };
  let takesLimits = !address.isPooled;
  let decided: Promise<DecidedEncryption> | undefined;
  let encryption: DecidedEncryption = { ssl: false, isPrivateOnly: true, isPublic: false };
  const connectedAs = new WeakMap<object, PostgresCredentials>();

  const decide = (): Promise<DecidedEncryption> => {
    decided ??= decideEncryption(address, resolve).then(
      (outcome) => (encryption = outcome),
      (error: unknown) => {
        decided = undefined;
        throw error;
      },
    );
    return decided;
  };
  class CurrentClient extends driver.Client {
    constructor(config?: ClientConfig) {
      super({
        ...config,
        host: address.host,
        port: address.port,
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
      connectedAs.set(this, credentials);
    }
  }

  return {
    Client: CurrentClient,
    connect: async (connect) => {
      await decide();
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
    encryption: decide,
    useCredentials: ({ user, password }) => {
      // Connections that were made with the same ones stay.
      if (user !== credentials.user || password !== credentials.password) credentials = { user, password };
    },
    isCurrent: (client) => connectedAs.get(client) === credentials,
  };
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
