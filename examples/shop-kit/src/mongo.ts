import { SallyportError } from '@sallyport/nestjs';
import {
  createConnection,
  Error as MongooseErrors,
  mongo,
  MongooseError,
  trusted,
  type Connection,
  type ConnectOptions,
} from 'mongoose';

export interface MongoOptions {
  readonly url: string;
  /** @default the one that the address names, or else the name of the service */
  readonly database?: string;
  /** How long a call waits for a server to send it to, and then for the answer. @default 1500 */
  readonly callMilliseconds?: number;
  /** How long the start waits for the database. @default 10 000 */
  readonly startMilliseconds?: number;
}

const duplicateKey = 11_000;
const authenticationFailed = 18;

/** Without buffering: a call that finds no connection fails at once instead of waiting in a queue without bounds. */
export function prepareMongo(): Connection {
  const connection = createConnection();
  connection.set('bufferCommands', false);
  connection.set('sanitizeFilter', true);
  return connection;
}

/**
 * Connects to MongoDB, and does what has to be done before the first call.
 *
 * @throws Error that says what is wrong with `MONGODB_URL`, and never what it is, when the database does not answer in time.
 */
export async function openMongo(
  service: string,
  connection: Connection,
  options: MongoOptions,
  prepare: () => Promise<void>,
): Promise<void> {
  const { url, callMilliseconds = 1500, startMilliseconds = 10_000 } = options;
  const database = options.database ?? (namesDatabase(url) ? undefined : service);
  try {
    await connect(connection, url, startMilliseconds, {
      ...(database === undefined ? {} : { dbName: database }),
      appName: service,
      serverSelectionTimeoutMS: callMilliseconds,
      connectTimeoutMS: callMilliseconds,
      socketTimeoutMS: callMilliseconds,
      waitQueueTimeoutMS: callMilliseconds,
      // Confirmed means kept, also when the primary changes.
      writeConcern: { w: 'majority' },
    });
    await prepare();
  } catch (cause) {
    await connection.destroy().catch(() => undefined);
    throw new Error(`The service "${service}" cannot open its database: ${explain(cause)}`);
  }
}

/**
 * Runs a query. A database that is away, silent or refuses is no mistake of the caller: it rejects with
 * `SP_STORE_UNAVAILABLE` (503), and never 401 or 500; with `SP_CONFLICT` for a key that is taken.
 */
export async function answeringMongo<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (isDuplicateKey(cause)) throw new SallyportError('SP_CONFLICT', { cause });
    if (isDatabaseFault(cause)) throw new SallyportError('SP_STORE_UNAVAILABLE', { cause });
    throw cause;
  }
}

/**
 * A filter that the policy made, as one that Mongoose obeys: it holds no text of a caller as an operator. Every object is
 * marked, because Mongoose copies lists without their mark.
 */
export function trustFilter(filter: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return trusted(Object.fromEntries(Object.entries(filter).map(([key, value]) => [key, trustValue(value)])));
}

function trustValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(trustValue);
  // What is no list here and no scalar is an object of operators.
  return typeof value === 'object' && value !== null ? trustFilter(value as Record<string, unknown>) : value;
}

export function isDuplicateKey(cause: unknown): boolean {
  return cause instanceof mongo.MongoServerError && cause.code === duplicateKey;
}

/** A database that is still starting is waited for; one that refuses the service is not. */
async function connect(
  connection: Connection,
  url: string,
  startMilliseconds: number,
  options: ConnectOptions,
): Promise<void> {
  const deadline = performance.now() + startMilliseconds;
  for (;;) {
    try {
      await connection.openUri(url, options);
      return;
    } catch (cause) {
      if (!isUnanswered(cause) || performance.now() > deadline) throw cause;
    }
  }
}

function namesDatabase(url: string): boolean {
  return /^mongodb(?:\+srv)?:\/\/[^/]+\/[^?]/.test(url);
}

/** Every error of the driver; of Mongoose only the one that says that there is no connection, not one about a value. */
function isDatabaseFault(cause: unknown): boolean {
  return cause instanceof mongo.MongoError || (cause instanceof MongooseError && cause.constructor === MongooseError);
}

function isUnanswered(cause: unknown): boolean {
  return (
    cause instanceof MongooseErrors.MongooseServerSelectionError ||
    cause instanceof mongo.MongoServerSelectionError ||
    cause instanceof mongo.MongoNetworkError
  );
}

/** The messages of the driver may carry the address, and with it a password. */
function explain(cause: unknown): string {
  if (isUnanswered(cause)) return 'no MongoDB answers at MONGODB_URL';
  if (cause instanceof mongo.MongoServerError) {
    return cause.code === authenticationFailed
      ? 'MongoDB refuses the credentials of MONGODB_URL'
      : `MongoDB refuses (${cause.codeName ?? cause.code})`;
  }
  if (!(cause instanceof Error)) return 'for a reason that is not known';
  // By name: the driver has this class from another package, which does not give it away.
  if (cause.name === 'MongoParseError') return 'MONGODB_URL is not an address that the MongoDB driver understands';
  return cause.name;
}
