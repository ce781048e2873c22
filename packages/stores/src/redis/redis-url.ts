import { OptionsError } from '@sallyport/core';
import { isIPv6 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';

/** A host and a port. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** What a URL of Redis says. It holds the password: it is never logged. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** The server; the Sentinels; some nodes of the Cluster, which name the others. */
  readonly nodes: readonly RedisNode[];
  readonly isTls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  /** What the Sentinels call the server. */
  readonly masterName?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
}

const schemes = {
  redis: { kind: 'single', isTls: false },
  rediss: { kind: 'single', isTls: true },
  'redis+sentinel': { kind: 'sentinel', isTls: false },
  'rediss+sentinel': { kind: 'sentinel', isTls: true },
  'redis+cluster': { kind: 'cluster', isTls: false },
  'rediss+cluster': { kind: 'cluster', isTls: true },
} as const;

const sentinelParameters: ReadonlySet<string> = new Set(['sentinelUsername', 'sentinelPassword']);

const form = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:([^@/?#]*)@)?([^@/?#]*)((?:\/[^?#]*)?)(?:\?([^#]*))?$/;
const host = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?$/;
const masterName = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Reads the URL of a Redis server, of a server behind Sentinels, or of a Cluster:
 *
 * - `redis://user:password@host:6379/0`
 * - `redis+sentinel://user:password@sentinel1:26379,sentinel2:26379/mymaster/0`, with `?sentinelUsername=…&sentinelPassword=…`
 *   where the Sentinels ask for credentials of their own
 * - `redis+cluster://user:password@node1:6379,node2:6379`
 *
 * `rediss` in place of `redis` is TLS. User and password are percent-encoded; a password alone is `:password@`.
 *
 * @throws OptionsError for everything that is not understood. The message holds no value of the URL.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parts = form.exec(url);
  if (parts === null) throw new OptionsError('is not a URL of Redis, such as redis://host:6379');
  const [, scheme = '', credentials, nodes = '', path = '', query] = parts;
  if (!Object.hasOwn(schemes, scheme))
    throw new OptionsError(`has a scheme that is not one of ${Object.keys(schemes).join(', ')}`);
  const { kind, isTls } = schemes[scheme as keyof typeof schemes]; // Checked on the line above.
  return {
    kind,
    isTls,
    nodes: readNodes(nodes, kind),
    ...readCredentials(credentials),
    ...readPath(path, kind),
    ...readParameters(query, kind),
  };
}

/**
 * Whether two URLs lead to the same Redis in the same way, and differ at most in users and passwords. A client of a
 * Cluster opens connections by itself, with what it was given first: there every difference counts.
 *
 * @throws OptionsError as {@link parseRedisUrl} does.
 */
export function isSameRedis(url: string, other: string): boolean {
  const place = ({ username: _u, password: _p, sentinelUsername: _s, sentinelPassword: _q, ...rest }: RedisAddress) =>
    rest;
  const [one, two] = [parseRedisUrl(url), parseRedisUrl(other)];
  return one.kind === 'cluster' ? isDeepStrictEqual(one, two) : isDeepStrictEqual(place(one), place(two));
}

function readNodes(text: string, kind: RedisAddress['kind']): readonly RedisNode[] {
  const nodes = text.split(',').map((node) => readNode(node, kind === 'sentinel' ? 26_379 : 6379));
  if (kind === 'single' && nodes.length > 1)
    throw new OptionsError('names several hosts: that takes redis+sentinel or redis+cluster');
  return nodes;
}

function readNode(text: string, defaultPort: number): RedisNode {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const port = parts?.[3] === undefined ? defaultPort : Number(parts[3]);
  const name = parts?.[1] ?? parts?.[2] ?? '';
  const isHost = parts?.[1] === undefined ? host.test(name) : isIPv6(name);
  if (!isHost || port < 1 || port > 65_535) throw new OptionsError('has a host or port that cannot be read');
  return { host: name, port };
}

function readCredentials(text: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (text === undefined || text === '') return {};
  const colon = text.indexOf(':');
  if (colon === -1) throw new OptionsError('names a user without a password');
  const [username, password] = [decode(text.slice(0, colon)), decode(text.slice(colon + 1))];
  if (password === '') throw new OptionsError('has an empty password');
  return { password, ...(username === '' ? {} : { username }) };
}

function readPath(path: string, kind: RedisAddress['kind']): Pick<RedisAddress, 'database' | 'masterName'> {
  const segments = path.split('/').slice(1);
  if (kind === 'sentinel') {
    const [name = '', database = '', ...rest] = segments;
    if (!masterName.test(name) || rest.length > 0)
      throw new OptionsError('must name what the Sentinels call the server: redis+sentinel://host:26379/mymaster');
    return { masterName: name, database: readDatabase(database) };
  }
  const [database = '', ...rest] = segments;
  if (rest.length > 0) throw new OptionsError('has a path that is not the number of a database');
  if (kind === 'cluster' && database !== '') throw new OptionsError('names a database, which a Cluster does not have');
  return { database: readDatabase(database) };
}

function readDatabase(text: string): number {
  if (text === '') return 0;
  if (!/^\d{1,4}$/.test(text)) throw new OptionsError('has a path that is not the number of a database');
  return Number(text);
}

function readParameters(query: string | undefined, kind: RedisAddress['kind']): Partial<RedisAddress> {
  if (query === undefined || query === '') return {};
  const parameters = new URLSearchParams(query);
  const known = kind === 'sentinel' ? sentinelParameters : new Set<string>();
  const names = [...parameters.keys()];
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new OptionsError(`has parameters that are not known: ${unknown.map(toShown).join(', ')}`);
  if (new Set(names).size < names.length) throw new OptionsError('has a parameter twice');
  return Object.fromEntries(parameters);
}

/** A name that could be part of a secret, because it was not encoded, is not repeated. */
function toShown(name: string): string {
  return /^[A-Za-z][A-Za-z0-9_-]{0,30}$/.test(name) ? name : '(a name that cannot be shown)';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new OptionsError('has a user or password that is not percent-encoded');
  }
}
