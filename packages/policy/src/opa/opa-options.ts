import { isLoopbackHost, OptionsError } from '@sallyport/core';
import type { AnyPolicy } from '../definition/policy.ts';

/** How Open Policy Agent is reached, and what it is asked. */
export interface OpaDecisionPointOptions {
  /** The policy file: its types, actions and fields are what can be asked about. Its rules are not. */
  readonly policy: AnyPolicy;
  /** Origin of OPA, such as `http://127.0.0.1:8181`. */
  readonly url: string;
  /** The rule that is asked, below `data`, such as `shop/decision`. It needs a default. */
  readonly rule: string;
  /** The bearer token of OPA (`--authentication=token`), or what reads it: asked before every request. @default none */
  readonly token?: string | (() => string | Promise<string>);
  /** How long one question may take, from the connection to the last byte of the answer. @default 1000 */
  readonly timeoutMilliseconds?: number;
  /**
   * Lets `url` be plain http away from loopback. Who can answer there in its place decides everything: only for a network
   * that is private to these processes. @default false
   */
  readonly allowPlainHttpOnPrivateNetwork?: boolean;
}

/** Options with their defaults, and the address of the rule. */
export interface ResolvedOpaOptions {
  readonly policy: AnyPolicy;
  readonly address: string;
  readonly token: OpaDecisionPointOptions['token'];
  readonly timeoutMilliseconds: number;
}

const names: ReadonlySet<string> = new Set<keyof OpaDecisionPointOptions>([
  'policy',
  'url',
  'rule',
  'token',
  'timeoutMilliseconds',
  'allowPlainHttpOnPrivateNetwork',
]);

/** Segments of a package path in Rego, and no dots: `..` would be another place of the API. */
const ruleForm = /^[A-Za-z_][A-Za-z0-9_-]*(?:\/[A-Za-z_][A-Za-z0-9_-]*)*$/;

/** Checks the options once. @throws OptionsError that names every problem by key, never by value. */
export function resolveOpaOptions(options: OpaDecisionPointOptions): ResolvedOpaOptions {
  const { policy, url, rule, token, timeoutMilliseconds = 1000, allowPlainHttpOnPrivateNetwork = false } = options;
  const unknown = Object.keys(options).filter((key) => !names.has(key));
  const problems = [
    ...unknown.map((key) => `${key} is not an option`),
    ...problemOf('policy', problemOfPolicy(policy)),
    ...problemOf('url', problemOfUrl(url, allowPlainHttpOnPrivateNetwork)),
    ...problemOf('rule', ruleForm.test(rule) ? undefined : 'must be a path below data, such as shop/decision'),
    ...problemOf('token', problemOfToken(token)),
    ...problemOf('timeoutMilliseconds', problemOfTimeout(timeoutMilliseconds)),
  ];
  if (problems.length > 0)
    throw new OptionsError(['createOpaDecisionPoint has bad options:', ...problems].join('\n  - '));
  return { policy, address: `${new URL(url).origin}/v1/data/${rule}`, token, timeoutMilliseconds };
}

function problemOf(key: string, problem: string | undefined): readonly string[] {
  return problem === undefined ? [] : [`${key} ${problem}`];
}

function problemOfPolicy(policy: unknown): string | undefined {
  const isObject = typeof policy === 'object' && policy !== null && 'records' in policy;
  return isObject ? undefined : 'must be what definePolicy() returned, with records';
}

function problemOfUrl(url: unknown, isPlainAllowed: boolean): string | undefined {
  if (typeof url !== 'string' || !/^https?:\/\//.test(url) || !URL.canParse(url)) return 'must be the URL of OPA';
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(url);
  if (pathname !== '/' || `${search}${hash}${username}${password}` !== '') return 'must be an origin, without a path';
  if (protocol === 'https:' || isLoopbackHost(hostname) || isPlainAllowed) return undefined;
  return 'must be https away from loopback, or set allowPlainHttpOnPrivateNetwork';
}

function problemOfToken(token: unknown): string | undefined {
  if (token === undefined || typeof token === 'function') return undefined;
  if (typeof token === 'string' && isBearerToken(token.trim())) return undefined;
  return 'must be a bearer token, or a function that reads one';
}

/** RFC 6750, section 2.1. */
export function isBearerToken(text: string): boolean {
  return /^[A-Za-z0-9\-._~+/]+=*$/.test(text);
}

function problemOfTimeout(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 60_000) return undefined;
  return 'must be a whole number from 1 to 60000';
}
