import { SallyportError, type PresentedCredential } from '@sallyport/core';
import { connectionNames, withoutConnectionNamed } from './connection-header.ts';
import { createRuleOf } from './credential-header-rules.ts';
import { isForeignScheme } from './foreign-scheme.ts';
import type { HeaderRule } from './header-rules.ts';

/** What one pass over the raw headers of a request found. */
export interface InboundHeaders {
  /** Names and values, in turn, that go upstream as they are; the gateway adds its own to this list. */
  readonly endToEnd: string[];
  readonly host: string;
  readonly hostCount: number;
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  /** The same whatever its scheme, for routes that pass it on unjudged. */
  readonly sentAuthorization: string | undefined;
  /** A credential in a header that an authenticator declares. */
  readonly credentialHeader: PresentedCredential | undefined;
  /** The proof of possession that comes with an access token (RFC 9449, section 4.1). */
  readonly dpopProof: string | undefined;
  readonly accept: string;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
  readonly fetchDest: string | undefined;
  /** The token of a session against cross-site requests. */
  readonly csrfToken: string | undefined;
  /** The certificate of a client, as a proxy passes it on (RFC 9440). Of several header lines none is left. */
  readonly clientCert: string | undefined;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly forwardedHostCount: number;
  readonly forwardedProto: string | undefined;
  readonly contentLength: number | undefined;
  readonly contentLengthCount: number;
  readonly isChunked: boolean;
  readonly hasBody: boolean;
  readonly isWebSocket: boolean;
  /** A prefetch, by any of its header names: it never keeps a session alive and never starts a sign-in. */
  readonly isPrefetch: boolean;
  /** A request of the Next.js router for data, not for a page. */
  readonly isRouterData: boolean;
}

const wellKnown = 512;

/** Long names are not kept in memory for ever. */
const longestWellKnown = 64;

const rememberedPlaces = 128;

/** Sorts the raw headers of requests. */
export interface HeaderReader {
  /**
   * Sorts raw headers in one pass. An `Authorization` of a foreign scheme counts as none.
   *
   * @throws `SP_CREDENTIALS_CONFLICT` when they hold a credential twice, or two; `SP_REQUEST_AMBIGUOUS` for any transfer
   *   coding but `chunked`.
   */
  readonly read: (raw: readonly string[]) => InboundHeaders;
  /** How many header names the cache of rules holds: never more than its bound, whatever clients send. */
  readonly cachedRuleCount: () => number;
}

/**
 * Builds a reader of headers.
 *
 * @param credentialHeaders names of headers that hold credentials, in lower case. They go to no upstream, and neither
 *   does what a server could take for one of them.
 * @param isClaimed whether an authenticator recognizes an `Authorization` of a scheme that is foreign otherwise.
 * @throws OptionsError for a name that means something else to the gateway.
 */
export function createHeaderReader(
  credentialHeaders: readonly string[] = [],
  isClaimed: (authorization: string) => boolean = () => false,
): HeaderReader {
  const ruleOf = createRuleOf(credentialHeaders);
  const rules = new Map<string, HeaderRule>();
  // What stood where in the last request. Clients of one kind send their headers in one order, and to compare two short
  // names is cheaper than to look one up.
  const lastNames: string[] = [];
  const lastRules: HeaderRule[] = [];

  const ruleFor = (name: string): HeaderRule => {
    const rule = ruleOf(name);
    // Remembered for the spellings met first; a client that makes up names pays for them itself.
    if (rules.size < wellKnown && name.length <= longestWellKnown) rules.set(name, rule);
    return rule;
  };
  const ruleAt = (index: number, name: string): HeaderRule => {
    const rule = rules.get(name) ?? ruleFor(name);
    if (index < rememberedPlaces) {
      lastNames[index] = name;
      lastRules[index] = rule;
    }
    return rule;
  };

  const places: RememberedPlaces = { lastNames, lastRules, ruleAt, isClaimed };
  return { read: (raw) => sortHeaders(raw, places), cachedRuleCount: () => rules.size };
}

const plainReader = createHeaderReader();

/** Reads headers where no authenticator declares any. */
export const readHeaders = plainReader.read;

/** How many header names the cache of that reader holds. */
export const { cachedRuleCount } = plainReader;

interface RememberedPlaces {
  readonly lastNames: readonly string[];
  readonly lastRules: readonly HeaderRule[];
  readonly ruleAt: (index: number, name: string) => HeaderRule;
  readonly isClaimed: (authorization: string) => boolean;
}

function sortHeaders(
  raw: readonly string[],
  { lastNames, lastRules, ruleAt, isClaimed }: RememberedPlaces,
): InboundHeaders {
  const endToEnd: string[] = [];
  let connection: string | undefined;
  let host = '';
  let hostCount = 0;
  let cookie: string | undefined;
  let authorization: string | undefined;
  let credentialHeader: PresentedCredential | undefined;
  let dpopProof: string | undefined;
  let accept = '';
  let origin: string | undefined;
  let fetchSite: string | undefined;
  let fetchMode: string | undefined;
  let fetchDest: string | undefined;
  let csrfToken: string | undefined;
  let clientCert: string | undefined;
  let traceparent: string | undefined;
  let tracestate: string | undefined;
  let forwardedFor: string | undefined;
  let forwardedHostCount = 0;
  let forwardedProto: string | undefined;
  let contentLength: number | undefined;
  let contentLengthCount = 0;
  let isChunked = false;
  let isWebSocket = false;
  let isPrefetch = false;
  let isRouterData = false;

  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    const rule = lastNames[index] === name ? (lastRules[index] ?? 'drop') : ruleAt(index, name);
    switch (rule) {
      case 'forward':
        endToEnd.push(name, value);
        break;
      case 'drop':
        break;
      case 'host':
        host = value;
        hostCount++;
        break;
      case 'cookie':
        cookie = cookie === undefined ? value : `${cookie}; ${value}`;
        break;
      case 'authorization':
        if (authorization !== undefined) {
          throw new SallyportError('SP_CREDENTIALS_CONFLICT', { reason: 'several-authorization-headers' });
        }
        authorization = value;
        break;
      case 'credential':
        if (credentialHeader !== undefined) {
          throw new SallyportError('SP_CREDENTIALS_CONFLICT', { reason: 'several-credential-headers' });
        }
        credentialHeader = { header: name.toLowerCase(), value };
        break;
      case 'connection':
        connection = connection === undefined ? value : `${connection},${value}`;
        break;
      case 'content-length':
        contentLength = Number(value);
        contentLengthCount++;
        break;
      case 'transfer-encoding':
        // Any other coding would be lost on the way, and the upstream would read what is still encoded.
        if (isChunked || value.toLowerCase() !== 'chunked') {
          throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'transfer-encoding' });
        }
        isChunked = true;
        break;
      case 'upgrade':
        if (/\bwebsocket\b/i.test(value)) isWebSocket = true;
        break;
      case 'accept':
        accept = value;
        endToEnd.push(name, value);
        break;
      // What decides about trust is joined when it comes twice, and then equals nothing that is allowed.
      case 'dpop':
        dpopProof = dpopProof === undefined ? value : `${dpopProof}, ${value}`;
        break;
      case 'origin':
        origin = origin === undefined ? value : `${origin}, ${value}`;
        endToEnd.push(name, value);
        break;
      case 'sec-fetch-site':
        fetchSite = fetchSite === undefined ? value : `${fetchSite}, ${value}`;
        endToEnd.push(name, value);
        break;
      case 'sec-fetch-mode':
        fetchMode = fetchMode === undefined ? value : `${fetchMode}, ${value}`;
        endToEnd.push(name, value);
        break;
      case 'sec-fetch-dest':
        fetchDest = fetchDest === undefined ? value : `${fetchDest}, ${value}`;
        endToEnd.push(name, value);
        break;
      case 'csrf':
        csrfToken = csrfToken === undefined ? value : `${csrfToken}, ${value}`;
        break;
      case 'client-cert':
        clientCert = clientCert === undefined ? value : '';
        break;
      case 'traceparent':
        traceparent = traceparent === undefined ? value : '';
        break;
      case 'tracestate':
        tracestate = tracestate === undefined ? value : `${tracestate},${value}`;
        break;
      case 'x-forwarded-for':
        forwardedFor = forwardedFor === undefined ? value : `${forwardedFor},${value}`;
        break;
      case 'x-forwarded-host':
        forwardedHostCount += value.includes(',') ? 2 : 1;
        break;
      case 'x-forwarded-proto':
        forwardedProto = forwardedProto === undefined ? value : `${forwardedProto},${value}`;
        break;
      case 'prefetch':
        isPrefetch = true;
        endToEnd.push(name, value);
        break;
      case 'purpose':
        if (/prefetch|prerender|preview/i.test(value)) isPrefetch = true;
        endToEnd.push(name, value);
        break;
      case 'router-data':
        isRouterData = true;
        endToEnd.push(name, value);
        break;
    }
  }

  const sentAuthorization =
    authorization === undefined || (connection !== undefined && connectionNames(connection).has('authorization'))
      ? undefined
      : authorization;
  // Of two it would not be known which one is foreign: that was refused.
  if (authorization !== undefined && isForeignScheme(authorization) && !isClaimed(authorization))
    authorization = undefined;
  if (credentialHeader !== undefined && authorization !== undefined) {
    throw new SallyportError('SP_CREDENTIALS_CONFLICT', { reason: 'authorization-and-credential-header' });
  }
  return {
    endToEnd: connection === undefined ? endToEnd : withoutConnectionNamed(endToEnd, connection),
    host,
    hostCount,
    cookie,
    authorization,
    sentAuthorization,
    credentialHeader,
    dpopProof,
    accept,
    origin,
    fetchSite,
    fetchMode,
    fetchDest,
    csrfToken,
    clientCert,
    traceparent,
    tracestate,
    forwardedFor,
    forwardedHostCount,
    forwardedProto,
    contentLength,
    contentLengthCount,
    isChunked,
    hasBody: isChunked || (contentLength !== undefined && contentLength !== 0),
    isWebSocket,
    isPrefetch,
    isRouterData,
  };
}
