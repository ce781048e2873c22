import { lookup as resolveBySystem } from 'node:dns';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { createHostJudgement } from './public-hosts.ts';
import { createPublicLookup, PrivateHostError, type ResolveName } from './public-lookup.ts';

/** What became of a call. `status` is what the host answered, whatever it was; `failed` says in a word why it did not. */
export type PostOutcome =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'failed'; readonly reason: 'private-host' | 'timeout' | 'connection' };

/** Posts a form to an address that an administrator has named. Never rejects. */
export type PostForm = (address: string, form: Readonly<Record<string, string>>) => Promise<PostOutcome>;

export interface PostFormOptions {
  /** Hosts, with their port unless it is the usual one, that are called although they are private. */
  readonly privateHosts: readonly string[];
  /** How names are resolved, all addresses of one at once; for tests. @default as the system does */
  readonly resolve?: ResolveName;
  /** For the whole call. @default 10000 */
  readonly timeoutMilliseconds?: number;
  /** Ends every call. @default none does */
  readonly signal?: AbortSignal;
}

/** Of an answer nothing but its status is used. What is longer than this is not read to its end. */
const maxAnswerBytes = 16 * 1024;

/**
 * Builds calls to hosts that are not ours, which reach the internet and nothing else (server-side request forgery, CWE-918).
 *
 * Addresses are looked at where the connection is made, so that a name cannot lead elsewhere a moment later (DNS rebinding).
 * A redirect is an answer like any other, and followed by none. Proxies of the environment are not used: they would
 * resolve the name themselves.
 */
export function createPostForm(options: PostFormOptions): PostForm {
  const { privateHosts, resolve = resolveBySystem, timeoutMilliseconds = 10_000, signal } = options;
  const judgeHost = createHostJudgement(privateHosts);
  const named = privateHosts.map((host) => host.toLowerCase());
  const lookupPublic = createPublicLookup(resolve);
  return (address, form) => {
    const url = new URL(address);
    if (judgeHost(url) !== undefined) return Promise.resolve({ kind: 'failed', reason: 'private-host' });
    const lookup = named.includes(url.host) ? undefined : lookupPublic;
    const timeout = AbortSignal.timeout(timeoutMilliseconds);
    const ending = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    return post(url, new URLSearchParams(form).toString(), lookup, ending);
  };
}

function post(url: URL, body: string, lookup: LookupFunction | undefined, signal: AbortSignal): Promise<PostOutcome> {
  const { promise, resolve } = Promise.withResolvers<PostOutcome>();
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
    method: 'POST',
    // A connection of its own, which is closed: a kept one could belong to a host that has another address by now.
    agent: false,
    signal,
    ...(lookup === undefined ? {} : { lookup }),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'user-agent': 'Sallyport',
    },
  });
  request.on('error', (error) => resolve({ kind: 'failed', reason: reasonOf(error, signal) }));
  // Without a listener Node closes the connection and says nothing, not even when the time is over.
  request.on('upgrade', ({ statusCode = 0 }, socket) => {
    socket.destroy();
    resolve({ kind: 'answered', status: statusCode });
  });
  request.on('response', (answer) => {
    const done = (): void => resolve({ kind: 'answered', status: answer.statusCode ?? 0 });
    readAtMost(answer, maxAnswerBytes, () => {
      done();
      request.destroy();
    });
    answer.on('end', done);
    answer.on('error', (error) => resolve({ kind: 'failed', reason: reasonOf(error, signal) }));
  });
  request.end(body);
  return promise;
}

function readAtMost(answer: IncomingMessage, max: number, onMore: () => void): void {
  let count = 0;
  answer.on('data', (chunk: Buffer) => {
    count += chunk.length;
    if (count > max) onMore();
  });
}

function reasonOf(error: Error, signal: AbortSignal): 'private-host' | 'timeout' | 'connection' {
  if (error instanceof PrivateHostError) return 'private-host';
  return signal.aborted ? 'timeout' : 'connection';
}
