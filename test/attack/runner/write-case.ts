import type { AnswerOracle } from './answer-oracles.ts';
import type { CaseHead, Exchange, Scenario } from './attack-case.ts';
import type { Kit } from './kit.ts';
import type { UpstreamOracle } from './upstream-oracles.ts';

export interface RequestText {
  readonly method?: string;
  readonly target: string;
  readonly host?: string;
  /** Header lines as they go out; a cookie of the fixture is `cookieOf('alice')`. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** What a case expects. */
export interface Expected {
  readonly status: number | readonly number[];
  readonly upstream: UpstreamOracle;
  readonly answer?: readonly AnswerOracle[];
  readonly needs?: CaseHead['needs'];
  readonly ends?: boolean;
}

/** The header line that presents a user's session. */
export function cookieOf(name: 'alice' | 'root'): string {
  return `Cookie: {cookie}={${name}}`;
}

/** Writes a request that asks for the connection to be closed, unless its headers say otherwise. */
export function requestText({
  method = 'GET',
  target,
  host = 'app.test',
  headers = [],
  body = '',
}: RequestText): string {
  const says = (name: string): boolean => headers.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const isFramed = body === '' || says('content-length') || says('transfer-encoding');
  return [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    ...headers,
    ...(isFramed ? [] : [`Content-Length: ${body.length}`]),
    ...(says('connection') ? [] : ['Connection: close']),
    '',
    body,
  ].join('\r\n');
}

/** Builds cases of one row: variants are numbered in their order. */
export function row(id: string, source: string) {
  let count = 0;
  const next = (): string => (++count === 1 ? id : `${id}.${count}`);
  return {
    /** One request of each text, and the same expectation of all. */
    requests: (requests: readonly RequestText[], expected: Expected): Exchange[] =>
      requests.map((request) => exchangeOf(next(), titleOf(request), source, requestText(request), expected)),
    /** Bytes that no client would write. */
    bytes: (title: string, bytes: string, expected: Expected): Exchange =>
      exchangeOf(next(), title, source, bytes, expected),
    scenario: (title: string, run: (kit: Kit) => Promise<void>, needs?: CaseHead['needs']): Scenario => ({
      kind: 'scenario',
      id: next(),
      title,
      source,
      run,
      ...(needs === undefined ? {} : { needs }),
    }),
  };
}

function exchangeOf(id: string, title: string, source: string, bytes: string, expected: Expected): Exchange {
  const { status, upstream, answer = [], needs, ends = false } = expected;
  return {
    kind: 'exchange',
    id,
    title,
    source,
    bytes,
    ends,
    status: typeof status === 'number' ? [status] : status,
    upstream,
    answer,
    ...(needs === undefined ? {} : { needs }),
  };
}

const shownLength = 110;

function titleOf({ method = 'GET', target, host, headers = [] }: RequestText): string {
  const parts = [method, target, host === undefined ? '' : `(${host})`, headers.join(', ')];
  const text = parts
    .filter((part) => part !== '')
    .join(' ')
    .replaceAll(/[^\u0020-\u007e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}
