import { lookup as resolveBySystem } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { createHostJudgement } from './public-hosts.ts';
import { createPublicLookup, PrivateHostError, type ResolveName } from './public-lookup.ts';

/** What came of a question for a document. */
export type DocumentOutcome =
  | { readonly kind: 'document'; readonly text: string; readonly maxAgeSeconds: number | undefined }
  /** The host answered, and what it answered is no such document. */
  | { readonly kind: 'unusable'; readonly reason: 'status' | 'redirect' | 'media-type' | 'too-large' }
  /** Nothing is known of the document: it may be there a moment later. */
  | { readonly kind: 'unreachable'; readonly reason: 'private-host' | 'timeout' | 'connection' | 'status' };

/** Reads a JSON document at an https address. Never rejects. */
export type GetDocument = (address: string) => Promise<DocumentOutcome>;

export interface GetDocumentOptions {
  /** Hosts, with their port unless it is the usual one, that are called although they are private. */
  readonly privateHosts: readonly string[];
  readonly maxBytes: number;
  /** How names are resolved, all addresses of one at once; for tests. @default as the system does */
  readonly resolve?: ResolveName;
  /** For the whole call, the last byte included. @default 5000 */
  readonly timeoutMilliseconds?: number;
}

const jsonForm = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const maxAgeForm = /(?:^|,)\s*max-age\s*=\s*"?(\d{1,9})/i;
const uncachedForm = /(?:^|,)\s*(?:no-store|no-cache|private)\b/i;

/**
 * Builds what reads documents at addresses that clients name (server-side request forgery, CWE-918): over https alone, at
 * hosts of the internet, with a bound on time and size. A redirect is followed by none, and neither a proxy of the
 * environment nor a kept connection is used: the address is looked at where the connection is made.
 */
export function createGetDocument(options: GetDocumentOptions): GetDocument {
  const { privateHosts, maxBytes, resolve = resolveBySystem, timeoutMilliseconds = 5_000 } = options;
  const judgeHost = createHostJudgement(privateHosts);
  const named = privateHosts.map((host) => host.toLowerCase());
  const lookupPublic = createPublicLookup(resolve);
  return (address) => {
    const url = new URL(address);
    if (url.protocol !== 'https:' || judgeHost(url) !== undefined)
      return Promise.resolve({ kind: 'unreachable', reason: 'private-host' });
    const lookup = named.includes(url.host) ? undefined : lookupPublic;
    return get(url, maxBytes, lookup, AbortSignal.timeout(timeoutMilliseconds));
  };
}

function get(
  url: URL,
  maxBytes: number,
  lookup: LookupFunction | undefined,
  signal: AbortSignal,
): Promise<DocumentOutcome> {
  const { promise, resolve } = Promise.withResolvers<DocumentOutcome>();
  const request = requestHttps(url, {
    method: 'GET',
    agent: false,
    signal,
    ...(lookup === undefined ? {} : { lookup }),
    headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'Sallyport' },
  });
  request.on('error', (error) => resolve(unreachable(error, signal)));
  // Without a listener Node closes the connection and says nothing, not even when the time is over.
  request.on('upgrade', (_answer, socket) => {
    socket.destroy();
    resolve({ kind: 'unusable', reason: 'status' });
  });
  request.on('response', (answer) => {
    const refusal = refusalOf(answer, maxBytes);
    if (refusal !== undefined) {
      resolve(refusal);
      request.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    answer.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else {
        resolve({ kind: 'unusable', reason: 'too-large' });
        request.destroy();
      }
    });
    answer.on('end', () =>
      resolve({ kind: 'document', text: Buffer.concat(chunks).toString(), maxAgeSeconds: maxAgeOf(answer) }),
    );
    answer.on('error', (error) => resolve(unreachable(error, signal)));
  });
  request.end();
  return promise;
}

function refusalOf({ statusCode = 0, headers }: IncomingMessage, maxBytes: number): DocumentOutcome | undefined {
  if (statusCode >= 300 && statusCode < 400) return { kind: 'unusable', reason: 'redirect' };
  if (statusCode === 429 || statusCode >= 500) return { kind: 'unreachable', reason: 'status' };
  if (statusCode !== 200) return { kind: 'unusable', reason: 'status' };
  if (!jsonForm.test(headers['content-type'] ?? '')) return { kind: 'unusable', reason: 'media-type' };
  const isLong = Number(headers['content-length'] ?? 0) > maxBytes;
  return isLong ? { kind: 'unusable', reason: 'too-large' } : undefined;
}

/** RFC 9111, section 5.2.2; `undefined` where the host says nothing. */
function maxAgeOf({ headers }: IncomingMessage): number | undefined {
  const control = headers['cache-control'] ?? '';
  if (uncachedForm.test(control)) return 0;
  const [, seconds] = maxAgeForm.exec(control) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}

function unreachable(error: Error, signal: AbortSignal): DocumentOutcome {
  if (error instanceof PrivateHostError) return { kind: 'unreachable', reason: 'private-host' };
  return { kind: 'unreachable', reason: signal.aborted ? 'timeout' : 'connection' };
}
