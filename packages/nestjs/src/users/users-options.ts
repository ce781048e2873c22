import { isLoopbackHost, OptionsError } from '@sallyport/core';

/** How a service reaches the users API of the gateway. */
export interface SallyportUsersOptions {
  /** Origin of the gateway, such as `https://app.example.com`. */
  readonly url: string;
  /**
   * An API key of a service account, or what reads it: asked before every request, so that a rotated key needs no restart.
   * Blanks and line ends around it do not count.
   */
  readonly apiKey: string | (() => string | Promise<string>);
  /** How long one request may take. @default 5000 */
  readonly timeoutMilliseconds?: number;
  /** How often a request that changes nothing is asked again after a failure; 0 never does. @default 2 */
  readonly retries?: number;
  /**
   * Lets `url` be plain http away from loopback. A reader of that network has the key: only for a network that is private
   * to these processes. @default false
   */
  readonly allowPlainHttpOnPrivateNetwork?: boolean;
}

/** Options with their defaults. */
export type ResolvedUsersOptions = Required<Omit<SallyportUsersOptions, 'allowPlainHttpOnPrivateNetwork'>>;

const names: ReadonlySet<string> = new Set<keyof SallyportUsersOptions>([
  'url',
  'apiKey',
  'timeoutMilliseconds',
  'retries',
  'allowPlainHttpOnPrivateNetwork',
]);

/** `sp_key_` and 38 characters of `0-9A-Za-z`. */
const keyForm = /^sp_key_[0-9A-Za-z]{38}$/;

/** Says whether a text has the form of an API key. */
export function hasKeyForm(text: string): boolean {
  return keyForm.test(text);
}

/** Checks the options once. @throws OptionsError that names every problem by key, never by value. */
export function resolveUsersOptions(options: SallyportUsersOptions): ResolvedUsersOptions {
  const { url, apiKey, timeoutMilliseconds = 5000, retries = 2, allowPlainHttpOnPrivateNetwork = false } = options;
  const unknown = Object.keys(options).filter((key) => !names.has(key));
  const problems = [
    ...unknown.map((key) => `${key} is not an option`),
    ...problemOf('url', problemOfUrl(url, allowPlainHttpOnPrivateNetwork)),
    ...problemOf('apiKey', problemOfKey(apiKey)),
    ...problemOf('timeoutMilliseconds', problemOfNumber(timeoutMilliseconds, 1, 120_000)),
    ...problemOf('retries', problemOfNumber(retries, 0, 10)),
  ];
  if (problems.length > 0) throw new OptionsError(['SallyportUsers has bad options:', ...problems].join('\n  - '));
  return { url: new URL(url).origin, apiKey, timeoutMilliseconds, retries };
}

function problemOf(key: string, problem: string | undefined): readonly string[] {
  return problem === undefined ? [] : [`${key} ${problem}`];
}

function problemOfUrl(url: unknown, isPlainAllowed: boolean): string | undefined {
  if (typeof url !== 'string' || !/^https?:\/\//.test(url) || !URL.canParse(url))
    return 'must be the URL of the gateway';
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(url);
  if (pathname !== '/' || `${search}${hash}${username}${password}` !== '') return 'must be an origin, without a path';
  if (protocol === 'https:' || isLoopbackHost(hostname) || isPlainAllowed) return undefined;
  return 'must be https away from loopback, or set allowPlainHttpOnPrivateNetwork';
}

function problemOfKey(apiKey: unknown): string | undefined {
  if (typeof apiKey === 'function') return undefined;
  if (typeof apiKey === 'string' && hasKeyForm(apiKey.trim())) return undefined;
  return 'must be an API key (sp_key_…), or a function that reads one';
}

function problemOfNumber(value: unknown, min: number, max: number): string | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return undefined;
  return `must be a whole number from ${min} to ${max}`;
}
