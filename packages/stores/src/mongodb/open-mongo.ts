import { isIP } from 'node:net';
import type { MongoClient, MongoClientOptions } from 'mongodb';
import { OptionsError, SallyportError } from '@sallyport/core';
import { loadMongoDriver } from '../drivers.ts';
import { isPrivateAddress } from '../network/private-address.ts';
import { createLookup, resolveBySystem, type ResolveHost } from '../network/resolve-host.ts';
import { takeMongoLease } from './mongo-lease.ts';

export interface MongoOptions {
  /** The value of `DATABASE_URL`. */
  readonly url: string;
  /** The most connections of this process. @default 20 */
  readonly maximumConnections?: number;
  /** How long a call waits for a server that can serve it. @default 5000 */
  readonly selectionTimeoutMilliseconds?: number;
  /** How long a call waits for an answer on a connection that is open. @default 10000 */
  readonly socketTimeoutMilliseconds?: number;
  /** Finds the addresses of names. @default the resolver of the machine */
  readonly resolve?: ResolveHost;
}

/** A MongoDB, or what speaks its protocol, as the rest of the system takes it. */
export interface MongoDatabase {
  readonly kind: 'mongodb';
  readonly client: MongoClient;
  readonly databaseName: string;
  /** Runs work that only one process may do at a time. Rejects with `SP_STORE_UNAVAILABLE` when another one does it for too long. */
  withLock<T>(name: string, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const waitQueueTimeoutMilliseconds = 5_000;
const connectTimeoutMilliseconds = 5_000;
const lockWaitMilliseconds = 60_000;

/**
 * Opens connections to a MongoDB. Nothing is connected until the first call.
 *
 * Every wait is bounded: for a server, for a connection, in line for one, for an answer. Writes are acknowledged by the
 * majority and its journals. Without `tls` in the URL the connection is plain text, and to private addresses alone. The driver repeats single writes that a failing server may not have made (it numbers them,
 * so that none is made twice); updates and deletes of many rows, whose counts decide who wins, are never repeated.
 *
 * @throws OptionsError that names DATABASE_URL and never its value.
 */
export function openMongo(options: MongoOptions): MongoDatabase {
  const { url, maximumConnections = 20, resolve = resolveBySystem } = options;
  const { selectionTimeoutMilliseconds = 5_000, socketTimeoutMilliseconds = 10_000 } = options;
  const client = createClient(url, {
    maxPoolSize: maximumConnections,
    maxConnecting: 4,
    serverSelectionTimeoutMS: selectionTimeoutMilliseconds,
    connectTimeoutMS: connectTimeoutMilliseconds,
    socketTimeoutMS: socketTimeoutMilliseconds,
    waitQueueTimeoutMS: waitQueueTimeoutMilliseconds,
    retryReads: true,
    retryWrites: true,
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: socketTimeoutMilliseconds },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
    appName: 'sallyport',
    ...(isPrivateOnly(url) ? { lookup: createLookup(resolve, true) } : {}),
  });
  if (isPrivateOnly(url) && client.options.hosts.some(({ host }) => isPublicAddress(host)))
    refuse('names a public address and asks for no encryption: add tls=true, or tls=false if that is meant');
  const databaseName = client.options.dbName;
  if (!isDatabaseNamed(url)) refuse('must name one database: mongodb://…/database');
  return {
    kind: 'mongodb',
    client,
    databaseName,
    async withLock(name, work) {
      const lease = await takeMongoLease({ client, databaseName, name, waitMilliseconds: lockWaitMilliseconds });
      if (lease === undefined) throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'lock-held' });
      try {
        return await work();
      } finally {
        await lease.release();
      }
    },
    close: () => client.close(),
  };
}

function createClient(url: string, options: MongoClientOptions): MongoClient {
  if (!/^mongodb(?:\+srv)?:\/\//.test(url)) refuse('must begin with mongodb:// or mongodb+srv://');
  if (/[?&](?:tls|ssl)(?:Insecure|AllowInvalid\w+)=true/i.test(url))
    refuse('switches the check of certificates off: name the authority with tlsCAFile instead');
  const driver = loadMongoDriver();
  try {
    return new driver.MongoClient(url, options);
  } catch {
    // The driver quotes parts of the URL, which may be the password.
    return refuse('is not one that the MongoDB driver understands');
  }
}

/** Plain text that nothing in the URL asks for; the other scheme is TLS by itself. */
function isPrivateOnly(url: string): boolean {
  return url.startsWith('mongodb://') && !/[?&](?:tls|ssl)=/i.test(url);
}

function isPublicAddress(host: string | undefined): boolean {
  return host !== undefined && isIP(host) !== 0 && !isPrivateAddress(host);
}

/** The driver falls back to a database named `test`. */
function isDatabaseNamed(url: string): boolean {
  return /^mongodb(?:\+srv)?:\/\/[^/?]+\/[^/?]+/.test(url);
}

function refuse(problem: string): never {
  throw new OptionsError(`DATABASE_URL cannot be used: it ${problem}.`);
}
