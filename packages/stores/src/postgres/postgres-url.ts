import { OptionsError } from '@sallyport/core';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { ignoredParameters, understoodParameters } from './postgres-parameters.ts';

/** Where a PostgreSQL is and how to talk to it, read from `DATABASE_URL`. */
export interface PostgresAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string;
  readonly encryption: PostgresEncryption;
  /** Whether the proof of the password is bound to the TLS connection where the server offers that (SCRAM-SHA-256-PLUS). */
  readonly isChannelBound: boolean;
  readonly applicationName: string;
  /** What libpq calls `options`, such as `-c search_path=sallyport`. */
  readonly options: string | undefined;
  readonly connectTimeoutMilliseconds: number | undefined;
  readonly maximumConnections: number | undefined;
  /** Whether a pooler stands in front, which knows few parameters of a start. */
  readonly isPooled: boolean;
  /** Names of parameters that have no effect here. */
  readonly ignoredParameters: readonly string[];
}

/**
 * What an address says about encryption. `off` and `verified` are explicit; `by-address` is plain text on the machine and in
 * private networks, and as `verified` everywhere else.
 */
export type PostgresEncryption =
  | { readonly kind: 'off' }
  | { readonly kind: 'verified' | 'by-address'; readonly mode: string | undefined; readonly tls: ConnectionOptions };

const defaultPort = 5432;
const defaultApplicationName = 'sallyport';

/** Modes of libpq that encrypt. All of them check the certificate and the name here: encryption to an unknown server protects nothing. */
const verifyingModes: ReadonlySet<string> = new Set(['require', 'verify-ca', 'verify-full']);

/**
 * Reads the URL of a PostgreSQL: `postgres://user:password@host:5432/database?sslmode=verify-full`.
 *
 * A folder in the parameter `host` is one of a Unix socket. Without `sslmode` the connection is plain text on the machine
 * itself and in private networks, and encrypted and verified everywhere else.
 *
 * @param variable the environment variable that errors name.
 * @throws OptionsError that names the variable and what is wrong with it, and never its value.
 */
export function parsePostgresUrl(text: string, variable = 'DATABASE_URL'): PostgresAddress {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof UnusableUrl) throw new OptionsError(`${variable} cannot be used: it ${error.message}.`);
    throw error;
  }
}

function parse(text: string): PostgresAddress {
  const url = URL.canParse(text) ? new URL(text) : refuse('is not a URL');
  const search = url.searchParams;
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') refuse('must begin with postgres://');
  const names = [...new Set(search.keys())];
  for (const name of names) {
    if (!understoodParameters.has(name) && !ignoredParameters.has(name))
      refuse(`has a parameter that is not known here: ${toWord(name)}`);
    if (search.getAll(name).length > 1) refuse(`has the parameter ${name} twice`);
  }
  const host = decode(search.get('host') ?? url.hostname).replaceAll(/^\[|\]$/g, '');
  const database = search.get('dbname') ?? decode(url.pathname.slice(1));
  if (host === '') refuse('names no host');
  if (database === '' || database.includes('/')) refuse('must name one database: postgres://…/database');
  const connectTimeoutSeconds = readInteger(search, 'connect_timeout', 3600);
  return {
    host,
    port: readInteger(search, 'port', 65_535) ?? (url.port === '' ? defaultPort : Number(url.port)),
    user: emptyToUndefined(search.get('user') ?? decode(url.username)),
    password: emptyToUndefined(search.get('password') ?? decode(url.password)),
    database,
    encryption: readEncryption(search),
    isChannelBound: search.get('channel_binding') === 'require',
    applicationName: search.get('application_name') ?? defaultApplicationName,
    options: readOptions(search),
    connectTimeoutMilliseconds: connectTimeoutSeconds === undefined ? undefined : connectTimeoutSeconds * 1000,
    maximumConnections: readInteger(search, 'connection_limit', 1000),
    isPooled: readSwitch(search, 'pgbouncer') ?? false,
    ignoredParameters: names.filter((name) => ignoredParameters.has(name)),
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

function readEncryption(search: URLSearchParams): PostgresEncryption {
  const mode = search.get('sslmode') ?? modeOfSwitch(readSwitch(search, 'ssl'));
  const files = { ca: search.get('sslrootcert'), cert: search.get('sslcert'), key: search.get('sslkey') };
  if ((search.get('sslaccept') ?? 'strict') !== 'strict')
    refuse('switches the check of certificates off in sslaccept: name the authority with sslrootcert instead');
  const binding = search.get('channel_binding') ?? 'prefer';
  if (!['disable', 'prefer', 'require'].includes(binding)) refuse('has a channel_binding that is none');
  const hasFiles = Object.values(files).some((file) => file !== null);
  if (mode === 'disable') {
    if (hasFiles) refuse('names certificates without sslmode=verify-full');
    if (binding === 'require') refuse('has channel_binding=require, which needs sslmode=verify-full');
    return { kind: 'off' };
  }
  if (mode !== undefined && !verifyingModes.has(mode))
    refuse('has an sslmode that may end without encryption or without a check: use verify-full or disable');
  const isDemanded = mode !== undefined || hasFiles || binding === 'require';
  return {
    kind: isDemanded ? 'verified' : 'by-address',
    mode,
    tls: {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(files.ca === null || files.ca === 'system' ? {} : { ca: readPem('sslrootcert', files.ca) }),
      ...(files.cert === null ? {} : { cert: readPem('sslcert', files.cert) }),
      ...(files.key === null ? {} : { key: readPem('sslkey', files.key) }),
    },
  };
}

function modeOfSwitch(isEncrypted: boolean | undefined): string | undefined {
  if (isEncrypted === undefined) return undefined;
  return isEncrypted ? 'verify-full' : 'disable';
}

/** The schema of a Prisma URL is the search path of a session. */
function readOptions(search: URLSearchParams): string | undefined {
  const [options, schema] = [search.get('options') ?? '', search.get('schema') ?? 'public'];
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) refuse('has a schema that is no plain name in small letters');
  if (schema === 'public') return emptyToUndefined(options);
  return `${options} -c search_path=${schema}`.trim();
}

function readSwitch(search: URLSearchParams, name: string): boolean | undefined {
  const value = search.get(name);
  if (value === null) return undefined;
  return (
    ['true', '1'].includes(value) || (!['false', '0'].includes(value) && refuse(`has ${name} neither true nor false`))
  );
}

/** Zero means the default, as everywhere in such URLs. */
function readInteger(search: URLSearchParams, name: string, maximum: number): number | undefined {
  const value = search.get(name);
  if (value === null || value === '0') return undefined;
  return /^\d{1,6}$/.test(value) && Number(value) <= maximum
    ? Number(value)
    : refuse(`has a ${name} that is not a whole number from 0 to ${maximum}`);
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

class UnusableUrl extends Error {}

function refuse(problem: string): never {
  throw new UnusableUrl(problem);
}
