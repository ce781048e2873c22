import { isLoopbackHost, silentLogger, weaknessOfSecret, type Logger } from '@sallyport/core';
import { SallyportConfigurationError } from '../server/configuration-error.ts';
import type { ShellDatabase } from './shell-database.ts';

/** Where tokens are kept; see the guide “Keep next-auth” for what each costs. */
export type StorageChoice =
  /** In a database: refreshed by any request, ended by any process. */
  | { readonly kind: 'vault'; readonly database: ShellDatabase }
  /**
   * In an encrypted HTTP-only cookie: refreshed where a cookie can be written. What ended is remembered in a database, or in
   * this process alone, which is enough for one process and forgets at a restart.
   */
  | { readonly kind: 'cookie'; readonly endedSessions: ShellDatabase | 'this-process' };

export interface ShellOptions {
  /** Origin of the shell, as browsers see it. The same as in `NEXTAUTH_URL`. */
  readonly shellUrl: string;
  /** The provider: the public URL of the gateway. */
  readonly issuer: string;
  /** Where this server reaches the gateway, when that is another address. @default the issuer */
  readonly gatewayUrl?: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Seal cookies and stored tokens, 32 characters or more: the newest first, and those before it while they are in use. */
  readonly secrets: readonly string[];
  readonly storage: StorageChoice;
  /** Prefixes of paths that the gateway serves, such as `/account` and `/api`. Nothing else is forwarded. */
  readonly forward: readonly string[];
  /** @default openid, profile, email, offline_access */
  readonly scopes?: readonly string[];
  /** How long a session lives, whatever is done. @default 43200 */
  readonly sessionSeconds?: number;
  /** Where a browser comes to after it signed out. @default '/signed-out' */
  readonly signedOutPath?: string;
  /** Where a browser comes to when a sign-in failed, with the word of next-auth in `error`. @default '/sign-in-failed' */
  readonly failurePath?: string;
  /** Where faults are written: of the shell, the provider and next-auth. @default nowhere */
  readonly logger?: Logger;
}

/** The options with their defaults, checked. */
export type CheckedOptions = Required<ShellOptions>;

const usualScopes = ['openid', 'profile', 'email', 'offline_access'];
const usualSessionSeconds = 43_200;

/** Paths that the shell answers itself: what is below them is never the gateway's. */
const ownPrefixes = ['/api/auth', '/_next'];

/**
 * Checks the options of a shell, at its first request: `next build` loads every module without an environment.
 *
 * @param nextAuthUrl what next-auth takes for its own address.
 * @throws SallyportConfigurationError with every problem at once, by name and never by value.
 */
export function checkShellOptions(options: ShellOptions, nextAuthUrl: string | undefined): CheckedOptions {
  const checked: CheckedOptions = {
    ...options,
    gatewayUrl: options.gatewayUrl ?? options.issuer,
    scopes: options.scopes ?? usualScopes,
    sessionSeconds: options.sessionSeconds ?? usualSessionSeconds,
    signedOutPath: options.signedOutPath ?? '/signed-out',
    failurePath: options.failurePath ?? '/sign-in-failed',
    logger: options.logger ?? silentLogger,
  };
  const problems = [...unknownOptions(options), ...problemsOf(checked, nextAuthUrl)];
  if (problems.length > 0) throw new SallyportConfigurationError(problems);
  return checked;
}

const optionNames: ReadonlySet<string> = new Set<keyof ShellOptions>([
  'shellUrl',
  'issuer',
  'gatewayUrl',
  'clientId',
  'clientSecret',
  'secrets',
  'storage',
  'forward',
  'scopes',
  'sessionSeconds',
  'signedOutPath',
  'failurePath',
  'logger',
]);

function unknownOptions(options: ShellOptions): readonly string[] {
  return Object.keys(options)
    .filter((name) => !optionNames.has(name))
    .map((name) => `"${name}" is no option of a shell`);
}

function problemsOf(options: CheckedOptions, nextAuthUrl: string | undefined): string[] {
  const { shellUrl, issuer, gatewayUrl, clientId, clientSecret, secrets, scopes, sessionSeconds } = options;
  return [
    originProblem('shellUrl', shellUrl),
    originProblem('issuer', issuer),
    // Between two servers of one network the gateway may speak plain http.
    isOrigin(gatewayUrl) ? undefined : 'gatewayUrl is not an http(s) origin',
    nextAuthUrl === undefined || nextAuthUrl === ''
      ? 'NEXTAUTH_URL is not set: next-auth would take its own address from the request'
      : nextAuthUrl !== shellUrl
        ? 'NEXTAUTH_URL is not the shellUrl: next-auth would send browsers elsewhere'
        : undefined,
    isText(clientId) ? undefined : 'clientId is empty',
    isText(clientSecret) ? undefined : 'clientSecret is empty: the shell is a confidential client',
    ...secretProblems(secrets),
    scopes.includes('openid') ? undefined : 'scopes lack "openid"',
    scopes.includes('offline_access') ? undefined : 'scopes lack "offline_access": no refresh token would come',
    Number.isInteger(sessionSeconds) && sessionSeconds >= 60 && sessionSeconds <= 31_536_000
      ? undefined
      : 'sessionSeconds is no whole number from 60 to 31536000',
    ...forwardProblems(options.forward),
    ...(['signedOutPath', 'failurePath'] as const).map((name) =>
      /^\/(?![/\\])[^\\?#\s]*$/.test(options[name]) ? undefined : `${name} is no path of this origin`,
    ),
    ...storageProblems(options.storage),
  ].filter((problem) => problem !== undefined);
}

function originProblem(name: string, value: unknown): string | undefined {
  if (!isOrigin(value)) return `${name} is not an http(s) origin, such as https://app.example.com`;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || isLoopbackHost(hostname)
    ? undefined
    : `${name} must be https, except on loopback: codes and cookies are never sent in clear`;
}

function isOrigin(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
    ? new URL(value).origin === value
    : false;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function secretProblems(secrets: readonly string[]): (string | undefined)[] {
  if (!Array.isArray(secrets) || secrets.length === 0) return ['secrets is empty'];
  return secrets.map((secret: unknown, index) => {
    const problem = typeof secret === 'string' ? weaknessOfSecret(secret) : 'is no text';
    return problem === undefined ? undefined : `secrets[${index}] ${problem}`;
  });
}

function forwardProblems(prefixes: readonly string[]): (string | undefined)[] {
  return prefixes.map((prefix) => {
    if (!/^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(prefix))
      return `forward has "${prefix}", which is no plain path such as /account`;
    const own = ownPrefixes.find((path) => prefix === path || prefix.startsWith(`${path}/`));
    return own === undefined ? undefined : `forward has "${prefix}", which the shell answers itself`;
  });
}

function storageProblems(storage: StorageChoice): (string | undefined)[] {
  const kind: unknown = storage?.kind;
  if (kind !== 'vault' && kind !== 'cookie') return ['storage.kind is neither "vault" nor "cookie"'];
  const database: unknown = storage.kind === 'vault' ? storage.database : storage.endedSessions;
  if (storage.kind === 'cookie' && database === 'this-process') return [];
  return typeof database === 'object' && database !== null ? [] : ['storage has no database'];
}
