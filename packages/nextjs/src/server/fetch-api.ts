import 'server-only';
import { SallyportError } from '@sallyport/core';
import { headers } from 'next/headers.js';
import { requireApiPath } from './api-path.ts';
import { auth } from './auth.ts';
import { loadZoneEnvironment } from './zone-environment.ts';

/** What a call may choose. Its destination and identity, and that nothing is followed or cached, are fixed. */
export interface FetchApiInit {
  readonly method?: string;
  /** Any header but `Authorization`, `Cookie` and the ones that the gateway builds. */
  readonly headers?: HeadersInit;
  readonly body?: BodyInit | null;
  /** A value that is sent as a JSON body. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
  /** @default 10000 */
  readonly timeoutMilliseconds?: number;
}

const forwardedHeaders = ['x-request-id', 'traceparent', 'tracestate'];
const fixedHeaders = ['authorization', 'cookie', 'host', 'x-api-key', ...forwardedHeaders];

/**
 * Calls a service through the gateway, as the person who is asking: with this application's own token, which the gateway
 * exchanges for one made for the service, until five minutes after it was issued while the session lives: an action may
 * take longer than the token. A signed-out caller sends no `Authorization`.
 *
 * Never follows a redirect, never caches, never leaves the gateway; the request id travels along.
 *
 * @returns the answer, whatever its status: `readProblem(response)` reads a refusal.
 * @throws TypeError for a path or a header that is not the caller's to choose; `SP_UPSTREAM_UNAVAILABLE` or
 *   `SP_UPSTREAM_TIMEOUT` when the gateway does not answer; what `auth()` throws; the reason of `init.signal`.
 */
export async function fetchApi(path: string, init: FetchApiInit = {}): Promise<Response> {
  requireApiPath(path);
  const outgoing = outgoingHeaders(init);
  const hasToken = await isCallerKnown();
  const incoming = await headers();
  const { internalUrl } = loadZoneEnvironment();

  copyHeaders(incoming, outgoing, forwardedHeaders);
  if (hasToken) copyHeaders(incoming, outgoing, ['authorization']);

  const { signal, timeoutMilliseconds = 10_000 } = init;
  const timeout = AbortSignal.timeout(timeoutMilliseconds);
  try {
    return await fetch(`${internalUrl}${path}`, {
      method: init.method ?? 'GET',
      headers: outgoing,
      body: init.json === undefined ? (init.body ?? null) : JSON.stringify(init.json),
      redirect: 'error',
      cache: 'no-store',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new SallyportError(timeout.aborted ? 'SP_UPSTREAM_TIMEOUT' : 'SP_UPSTREAM_UNAVAILABLE', { cause });
  }
}

/** Of a token that was good until its end the gateway decides, which knows whether its session still lives. */
async function isCallerKnown(): Promise<boolean> {
  try {
    return (await auth()).status === 'signed-in';
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'SP_TOKEN_EXPIRED') return true;
    throw error;
  }
}

function outgoingHeaders(init: FetchApiInit): Headers {
  const outgoing = new Headers(init.headers);
  const fixed = fixedHeaders.find((name) => outgoing.has(name));
  if (fixed !== undefined) throw new TypeError(`fetchApi sets the header "${fixed}" itself`);
  if (!outgoing.has('accept')) outgoing.set('accept', 'application/json');
  if (init.json !== undefined) {
    if (init.body !== undefined) throw new TypeError('fetchApi takes either "json" or "body"');
    outgoing.set('content-type', 'application/json');
  }
  return outgoing;
}

function copyHeaders(from: Pick<Headers, 'get'>, to: Headers, names: readonly string[]): void {
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) to.set(name, value);
  }
}
