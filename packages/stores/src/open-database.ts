import { OptionsError } from '@sallyport/core';
import type { Logger } from '@sallyport/core';
import { openMongo, type MongoDatabase } from './mongodb/open-mongo.ts';
import { openPostgres, type PostgresDatabase } from './postgres/open-postgres.ts';
import { isSamePostgres } from './postgres/postgres-url.ts';

/** A database that lives in a process of its own. */
export type ExternalDatabase = PostgresDatabase | MongoDatabase;

/** Where a database is. */
export interface DatabaseAddresses {
  /** The value of `DATABASE_URL`. */
  readonly url: string;
  /** The value of `DATABASE_DIRECT_URL`, for a PostgreSQL behind a pooler. */
  readonly directUrl?: string | undefined;
}

/**
 * Opens the database that `DATABASE_URL` names, by its scheme.
 *
 * @throws OptionsError that names DATABASE_URL and never its value, for a scheme that is not known and for a URL that is none.
 */
export function openExternalDatabase(addresses: string | DatabaseAddresses, logger: Logger): ExternalDatabase {
  const { url, directUrl } = typeof addresses === 'string' ? { url: addresses, directUrl: undefined } : addresses;
  switch (schemeOf(url)) {
    case 'postgres':
    case 'postgresql':
      return openPostgres({ url, directUrl, logger });
    case 'mongodb':
    case 'mongodb+srv':
      if (directUrl !== undefined)
        throw new OptionsError('DATABASE_DIRECT_URL cannot be used: it is for a PostgreSQL behind a pooler.');
      return openMongo({ url });
    case undefined:
    default:
      throw new OptionsError(
        'DATABASE_URL cannot be used: it must begin with postgres:// or mongodb://. Without it the embedded SQLite is used.',
      );
  }
}

/**
 * Whether two values of `DATABASE_URL` lead to the same database and differ at most in what may be renewed while it is open:
 * user and password of a PostgreSQL. The driver of MongoDB keeps what it was given.
 *
 * @throws OptionsError that names DATABASE_URL and never its value, for a URL of PostgreSQL that cannot be used.
 */
export function isSameDatabase(url: string, other: string): boolean {
  const arePostgres = [url, other].every((one) => /^postgres(?:ql)?$/.test(schemeOf(one) ?? ''));
  return arePostgres ? isSamePostgres(url, other) : url === other;
}

function schemeOf(url: string): string | undefined {
  return /^([a-z+]+):\/\//i.exec(url)?.[1]?.toLowerCase();
}
