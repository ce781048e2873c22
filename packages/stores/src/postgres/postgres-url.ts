import { OptionsError } from '@sallyport/core';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';

/** Where a PostgreSQL is and how to talk to it, read from `DATABASE_URL`. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string;
  readonly ssl: false | ConnectionOptions;
  readonly applicationName: string;
  /** What libpq calls `options`, such as `-c search_path=sallyport`. */
  readonly options: string | undefined;
}

const defaultPort = 5432;
const defaultApplicationName = 'sallyport';

const parameters: ReadonlySet<string> = new Set([
  'host',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'application_name',
  'options',
]);

/** Modes of libpq that encrypt. All of them check the certificate and the name here: encryption to an unknown server protects nothing. */
const verifyingModes: ReadonlySet<string> = new Set(['require', 'verify-ca', 'verify-full']);

/**
 * Reads the URL of a PostgreSQL: `postgres://user:password@host:5432/database?sslmode=verify-full`.
 *
 * A folder in the parameter `host` is one of a Unix socket. Without `sslmode` the connection is not encrypted, as for a
 * database on the same machine or in a private network.
 *
 * @throws OptionsError that names DATABASE_URL and what is wrong with it, and never its value.
 */
export function parsePostgresUrl(text: string): PostgresAddress {
  const url = URL.canParse(text) ? new URL(text) : refuse('is not a URL');
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') refuse('must begin with postgres://');
  for (const name of url.searchParams.keys())
    if (!parameters.has(name)) refuse(`has a parameter that is not known here: ${toWord(name)}`);
  const host = decode(url.searchParams.get('host') ?? url.hostname).replaceAll(/^\[|\]$/g, '');
  const database = decode(url.pathname.slice(1));
  if (host === '') refuse('names no host');
  if (database === '' || database.includes('/')) refuse('must name one database: postgres://…/database');
  return {
    host,
    port: url.port === '' ? defaultPort : Number(url.port),
    user: emptyToUndefined(decode(url.username)),
    password: emptyToUndefined(decode(url.password)),
    database,
    ssl: readTls(url.searchParams),
    applicationName: url.searchParams.get('application_name') ?? defaultApplicationName,
    options: url.searchParams.get('options') ?? undefined,
  };
}

/**
 * Whether two URLs lead to the same database in the same way, and differ at most in user and password.
 *
 * @throws OptionsError as {@link parsePostgresUrl} does.
 */
export function isSamePostgres(url: string, other: string): boolean {
  const place = ({ user: _user, password: _password, ...rest }: PostgresAddress): object => rest;
  return isDeepStrictEqual(place(parsePostgresUrl(url)), place(parsePostgresUrl(other)));
}

function readTls(search: URLSearchParams): false | ConnectionOptions {
  const mode = search.get('sslmode') ?? 'disable';
  const files = { ca: search.get('sslrootcert'), cert: search.get('sslcert'), key: search.get('sslkey') };
  if (mode === 'disable') {
    if (Object.values(files).some((file) => file !== null)) refuse('names certificates without sslmode=verify-full');
    return false;
  }
  if (!verifyingModes.has(mode))
    refuse('has an sslmode that may end without encryption or without a check: use verify-full or disable');
  return {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(files.ca === null || files.ca === 'system' ? {} : { ca: readPem('sslrootcert', files.ca) }),
    ...(files.cert === null ? {} : { cert: readPem('sslcert', files.cert) }),
    ...(files.key === null ? {} : { key: readPem('sslkey', files.key) }),
  };
}

function readPem(parameter: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return refuse(`names a file in ${parameter} that cannot be read`);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('has a percent sign that begins no escape: write it as %25');
  }
}

function toWord(name: string): string {
  return /^[a-z_]{1,40}$/i.test(name) ? name : '(unreadable)';
}

function emptyToUndefined(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function refuse(problem: string): never {
  throw new OptionsError(`DATABASE_URL cannot be used: it ${problem}.`);
}
