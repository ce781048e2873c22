import type { IncomingMessage } from 'node:http';
import { SallyportError, type RawPathPart } from '@sallyport/core';
import { readHeaders, type HeaderReader, type InboundHeaders } from './inbound-headers.ts';
import type { KnownHosts } from './known-hosts.ts';
import { readRawPath, type RawPath } from './raw-path.ts';
import { requireSoundHandshake } from './web-socket-handshake.ts';

/**
 * The one reading of a request. `path` is what routes are matched against; `target` is the very bytes it was read from,
 * and they are what goes upstream. What can be read in two ways never becomes a canonical request.
 */
export interface CanonicalRequest {
  readonly method: string;
  /** As the public address spells it, with its port when that is not the default. */
  readonly host: string;
  /** Path and query, untouched. */
  readonly target: string;
  readonly rawPath: string;
  /** The path after one round of percent-decoding. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  /** Whether segments have parameters (`;`). What they are called without them is for the route stage to look at. */
  readonly hasPathParameters: boolean;
  /**
   * What the path holds that servers read in more than one way, and some route allows; it stays encoded in `path`. Whether
   * all readings lead to a route that allows it is for the route stage to look at.
   */
  readonly rawParts: ReadonlySet<RawPathPart>;
  /** Whether it is a GET or HEAD with chunks, which may only be none. */
  readonly mayHoldBody: boolean;
  readonly headers: InboundHeaders;
}

/** What a request may hold. */
export interface FirewallLimits {
  readonly headers: number;
  /** Of the target, names and values. */
  readonly headerBytes: number;
  readonly cookies: number;
  /** Whether any route takes parameters in its path. */
  readonly pathParameters: boolean;
  /** What any route allows in raw paths. */
  readonly rawPath: ReadonlySet<RawPathPart>;
}

/** Every method that the gateway knows. TRACE, TRACK, CONNECT and made-up ones are refused. */
export const knownMethods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const methods: ReadonlySet<string> = new Set(knownMethods);

/** The characters that a path segment may hold as they are (RFC 3986, section 3.3), less `;`, plus what browsers leave alone. */
const plainCharacters = tableOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@[]|^");

const slash = 0x2f;
const semicolon = 0x3b;
const dot = 0x2e;
const percent = 0x25;
const questionMark = 0x3f;

/**
 * An encoded delimiter means one thing to a server that decodes once and another to one that decodes twice or parses
 * first (`/ \ ? # ;`), and so does a percent sign that begins another escape.
 */
const hiddenDelimiter = /[\u0000-\u001f\u007f-\u009f/\\?#]|%[0-9A-Fa-f]{2}/;

/**
 * Next.js writes route parameters and notes into queries of this form for itself; from outside they are an injection
 * (CVE-2026-44574, CVE-2024-46982).
 */
const internalParameter = /[?&;](?:nxtP|nxtI|__next|_nextBubble)/;

/**
 * Reads a request once, or refuses it: `SP_REQUEST_AMBIGUOUS`, `SP_HOST_UNKNOWN`, `SP_METHOD_NOT_ALLOWED`,
 * `SP_HEADERS_TOO_LARGE`, `SP_CREDENTIALS_CONFLICT`. Nothing is ever repaired.
 */
export function readCanonicalRequest(
  request: IncomingMessage,
  hosts: KnownHosts,
  limits: FirewallLimits,
  read: HeaderReader['read'] = readHeaders,
): CanonicalRequest {
  // Node answers `GET /x` without a version like any other request.
  if (request.httpVersionMajor !== 1) refuse('http-version');
  if (request.rawHeaders.length > limits.headers * 2) {
    throw new SallyportError('SP_HEADERS_TOO_LARGE', { reason: 'too-many-headers' });
  }
  if (bytesOf(request) > limits.headerBytes) {
    throw new SallyportError('SP_HEADERS_TOO_LARGE', { reason: 'header-bytes' });
  }
  const sent = read(request.rawHeaders);
  if (sent.cookie !== undefined && countPairs(sent.cookie) > limits.cookies) {
    throw new SallyportError('SP_HEADERS_TOO_LARGE', { reason: 'too-many-cookies' });
  }
  const host = requireKnownHost(sent, hosts);
  const method = request.method ?? '';
  if (!methods.has(method)) {
    throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-unknown', allow: knownMethods });
  }
  requireSoundBody(method, sent, request);
  const mayHoldBody = sent.isChunked && isReadMethod(method);
  const headers = mayHoldBody ? { ...sent, hasBody: false } : sent;
  if (headers.isWebSocket) requireSoundHandshake(request);

  const target = request.url ?? '';
  const hasPathParameters = target.includes(';') && holdsParameters(target);
  if (hasPathParameters && !limits.pathParameters) refuse('path-parameters');
  const end = endOfPath(target, limits.rawPath.has('//'));
  const rawPath = end === target.length ? target : target.slice(0, end);
  const query = end === target.length ? '' : target.slice(end);
  if (query !== '') requireSoundQuery(query);
  const { path, parts: rawParts } = limits.rawPath.size === 0 ? readStrictly(rawPath) : readWithin(rawPath, limits);
  return { method, host, target, rawPath, path, query, hasPathParameters, rawParts, mayHoldBody, headers };
}

/**
 * Reads a path that stands somewhere else than in a request line, by the same rules.
 *
 * @returns the path after one round of percent-decoding, without its query.
 * @throws `SP_REQUEST_AMBIGUOUS`
 */
export function readPath(target: string): string {
  if (target.includes(';') && holdsParameters(target)) refuse('path-parameters');
  const rawPath = target.slice(0, endOfPath(target, false));
  return rawPath.includes('%') ? decodePath(rawPath) : rawPath;
}

const noParts: ReadonlySet<RawPathPart> = new Set();

function readStrictly(rawPath: string): RawPath {
  return { path: rawPath.includes('%') ? decodePath(rawPath) : rawPath, parts: noParts };
}

function readWithin(rawPath: string, { rawPath: allowed }: FirewallLimits): RawPath {
  const read = readRawPath(rawPath);
  // What no route allows is refused for the reason for which it always is.
  return [...read.parts].every((part) => allowed.has(part)) ? read : readStrictly(rawPath);
}

/** As the parser counts them. */
function bytesOf({ url = '', rawHeaders }: IncomingMessage): number {
  let bytes = url.length;
  for (let index = 0; index < rawHeaders.length; index++) bytes += rawHeaders[index]?.length ?? 0;
  return bytes;
}

function requireKnownHost(headers: InboundHeaders, hosts: KnownHosts): string {
  if (headers.hostCount !== 1) refuse('host-count');
  const host = hosts.find(headers.host);
  if (host === 'malformed') refuse('host-malformed');
  if (host === 'unknown') throw new SallyportError('SP_HOST_UNKNOWN', { reason: 'host-unknown' });
  return host.name;
}

function requireSoundBody(method: string, headers: InboundHeaders, { httpVersionMinor }: IncomingMessage): void {
  if (headers.contentLengthCount > 1) refuse('content-length-count');
  // A server of HTTP/1.0 reads chunks as content (RFC 9112, section 6.1).
  if (headers.isChunked && httpVersionMinor === 0) refuse('transfer-encoding');
  // A body on GET or HEAD has no meaning, and proxies disagree on whether it is there at all (RFC 9110, section 9.3.1).
  // Whether chunks hold anything is not known yet.
  if (isReadMethod(method) && headers.hasBody && (!headers.isChunked || headers.isWebSocket)) refuse('body-on-get');
}

function isReadMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function requireSoundQuery(query: string): void {
  if (query.includes('#')) refuse('fragment');
  if (!query.includes('nxt') && !query.includes('_next') && !query.includes('%')) return;
  if (internalParameter.test(query) || internalParameter.test(decodeLeniently(query))) refuse('internal-parameter');
}

function holdsParameters(target: string): boolean {
  const query = target.indexOf('?');
  const parameters = target.indexOf(';');
  return query === -1 || parameters < query;
}

/** Walks the path once, refusing all but plain characters and escapes, and empty or dot segments. */
function endOfPath(target: string, allowsEmpty: boolean): number {
  const { length } = target;
  // Absolute-form, authority-form and `*` name a server of the client's choice.
  if (length === 0 || target.charCodeAt(0) !== slash) refuse('target-form');
  let segmentStart = 1;
  let index = 1;
  for (; index < length; index++) {
    const code = target.charCodeAt(index);
    if (code === questionMark) break;
    if (code === slash) {
      requireSoundSegment(target, segmentStart, index, allowsEmpty && index > 1);
      segmentStart = index + 1;
    } else if (code !== percent && code !== semicolon && plainCharacters[code] !== 1) {
      refuse('path-character');
    }
  }
  requireSoundSegment(target, segmentStart, index, true);
  return index;
}

function requireSoundSegment(target: string, start: number, end: number, mayBeEmpty: boolean): void {
  const first = target.charCodeAt(start);
  if (start === end || first === semicolon) {
    if (start !== end || !mayBeEmpty) refuse('empty-segment');
    return;
  }
  if (first !== dot) return;
  const length = endOfName(target, start, end) - start;
  if (length > 2) return;
  if (length === 1 || target.charCodeAt(start + 1) === dot) refuse('dot-segment');
}

/** A name ends where its parameters begin. */
function endOfName(target: string, start: number, end: number): number {
  for (let index = start; index < end; index++) if (target.charCodeAt(index) === semicolon) return index;
  return end;
}

/** Slashes are never encoded in what this returns, so raw and decoded segments correspond one to one. */
function decodePath(rawPath: string): string {
  const decoded = decodeSegments(rawPath);
  if (count(decoded, '/') !== count(rawPath, '/') || count(decoded, ';') !== count(rawPath, ';')) {
    refuse('encoded-delimiter');
  }
  for (const segment of decoded.split('/')) {
    if (/^\.{1,2}(?:;|$)/.test(segment)) refuse('dot-segment');
    if (hiddenDelimiter.test(segment)) refuse('encoded-delimiter');
  }
  return decoded;
}

function decodeSegments(rawPath: string): string {
  try {
    // Refuses a lone percent sign, overlong forms and everything else that is not UTF-8.
    return decodeURIComponent(rawPath);
  } catch {
    return refuse('percent-encoding');
  }
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found++;
  return found;
}

function countPairs(cookie: string): number {
  let count = 1;
  for (let at = cookie.indexOf(';'); at !== -1; at = cookie.indexOf(';', at + 1)) count++;
  return count;
}

function decodeLeniently(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function refuse(reason: string): never {
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason });
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(65_536);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}
