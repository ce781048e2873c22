import { OptionsError } from '@sallyport/core';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { ignoredParameters, understoodParameters } from './postgres-parameters.ts';

/** One server of an address. */
export interface PostgresHost {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** Where a PostgreSQL is and how to talk to it, read from `DATABASE_URL`. */
export interface PostgresAddress extends PostgresHost {
  /** All servers that may be the one to write to, the one above first. */
  readonly hosts: readonly [PostgresHost, ...PostgresHost[]];
  /** Whether a server that takes no writes, such as a standby, is passed over. */
  readonly mustTakeWrites: boolean;
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
const maxHosts = 8;
const defaultApplicationName = 'sallyport';

/** Modes of libpq that encrypt. All of them check the certificate and the name here: encryption to an unknown server protects nothing. */
const verifyingModes: ReadonlySet<string> = new Set(['require', 'verify-ca', 'verify-full']);

/**
 * Reads the URL of a PostgreSQL: `postgres://user:password@host:5432/database?sslmode=verify-full`.
 *
 * Several servers are separated by commas, `postgres://user@one:5432,two:5432/database`: the first that answers and takes
 * writes is used, and another one when it no longer does. A folder in the parameter `host` is one of a Unix socket. Without `sslmode` the connection is plain text on the machine
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
  const { single, others } = splitHosts(text);
  const url = URL.canParse(single) ? new URL(single) : refuse('is not a URL');
  const search = url.searchParams;
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') refuse('must begin with postgres://');
  const names = [...new Set(search.keys())];
  for (const name of names) {
    if (!understoodParameters.has(name) && !ignoredParameters.has(name))
      refuse(`has a parameter that is not known here: ${toWord(name)}`);
    if (search.getAll(name).length > 1) refuse(`has the parameter ${name} twice`);
  }
  const hosts = readHosts(search, [url, ...others]);
  const [{ host, port }] = hosts;
  const database = search.get('dbname') ?? decode(url.pathname.slice(1));
  if (hosts.some((one) => one.host === '')) refuse('names no host');
  if (database === '' || database.includes('/')) refuse('must name one database: postgres://…/database');
  const connectTimeoutSeconds = readInteger(search, 'connect_timeout', 3600);
  return {
    host,
    port,
    hosts,
    mustTakeWrites: readsForWrites(search, hosts.length),
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

/** Only one host fits into a URL: the first stays, and each of the others becomes one of its own. */
function splitHosts(text: string): { readonly single: string; readonly others: readonly URL[] } {
  const [, scheme = '', credentials = '', hosts = '', rest = ''] =
    /^(postgres(?:ql)?:\/\/)((?:[^/?#]*@)?)([^/?#]*)(.*)$/s.exec(text) ?? [];
  if (!hosts.includes(',')) return { single: text, others: [] };
  const [first = '', ...more] = hosts.split(',');
  if (more.length >= maxHosts) refuse(`names more than ${maxHosts} hosts`);
  const others = more.map((one) => {
    const url = `postgres://${one}`;
    return URL.canParse(url) ? new URL(url) : refuse('names a host that is none');
  });
  return { single: `${scheme}${credentials}${first}${rest}`, others };
}

/** As libpq does: one port for each host, or one for all. */
function readHosts(search: URLSearchParams, urls: readonly URL[]): PostgresAddress['hosts'] {
  const named = search.get('host')?.split(',') ?? urls.map(({ hostname }) => decode(hostname));
  const ports = search.get('port')?.split(',').map(readPort) ?? urls.map(({ port }) => readPort(port));
  if (ports.length !== 1 && ports.length !== named.length) refuse('has as many ports as hosts neither nor one');
  if (named.length > maxHosts) refuse(`names more than ${maxHosts} hosts`);
  const [first = { host: '', port: defaultPort }, ...more] = named.map((host, index) => ({
    host: host.replaceAll(/^\[|\]$/g, ''),
    port: ports[ports.length === 1 ? 0 : index] ?? defaultPort,
  }));
  return [first, ...more];
}

function readPort(text: string): number {
  if (text === '' || text === '0') return defaultPort;
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535
    ? Number(text)
    : refuse('has a port that is not a whole number from 0 to 65535');
}

/** Several servers are a primary and its standbys: without a word a standby would be of no use. */
function readsForWrites(search: URLSearchParams, hostCount: number): boolean {
  const asked = search.get('target_session_attrs') ?? (hostCount > 1 ? 'read-write' : 'any');
  if (asked === 'read-write' || asked === 'primary') return true;
  if (asked === 'any') return false;
  if (!['prefer-standby', 'standby', 'read-only'].includes(asked)) refuse('has a target_session_attrs that is none');
  // One server is used whatever it is; of several, one that takes no writes is of no use.
  return hostCount > 1 && refuse('asks for a standby in target_session_attrs: a gateway writes');
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
