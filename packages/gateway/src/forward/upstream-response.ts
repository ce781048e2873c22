import { SallyportError, type ProtectedResource, type Route } from '@sallyport/core';
import { foldHeaderName } from '../firewall/fold-header-name.ts';
import { completeChallenge } from '../mcp/complete-challenge.ts';
import { isOurCookieName } from '../credentials/session-cookie-reader.ts';
import { pushCrossOrigin, type CrossOrigin } from '../routing/cross-origin.ts';
import { pushSafetyHeaders } from '../response/safety-headers.ts';
import type { UpstreamHeaders } from './upstream-headers.ts';
import { isEventStream } from './event-stream.ts';
import { speaksToCaches, toCacheControl } from './private-cache.ts';
import { toPublicLocation, type LocationContext } from './public-location.ts';

/** What holds for all answers of a route. */
export interface ResponseRules extends LocationContext {
  /** Where a `Location` may lead. */
  readonly locations: Route['locations'];
  /** What browsers may keep of answers to callers who are known. */
  readonly cache: Route['cache'];
  /** Whether an origin is one that the gateway serves. */
  readonly isServed: (origin: string) => boolean;
  /** Value of `Strict-Transport-Security`; `undefined` sends none. */
  readonly strictTransport: string | undefined;
  /** Origins that get the `Access-Control-*` of the service; `all` passes them unseen. */
  readonly cors: 'all' | ReadonlySet<string>;
  /** Other sites whose scripts may read the answer, where the gateway itself tells their browsers. */
  readonly crossOrigin: CrossOrigin | undefined;
  /** The protected resource that the route is, whose metadata challenges name. */
  readonly resource: ProtectedResource | undefined;
  /** Whether the answer may differ with the cookie, even for strangers. */
  readonly mayCarryIdentity: boolean;
}

const dropped: ReadonlySet<string> = new Set(
  [
    ['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding'],
    ['upgrade', 'http2-settings', 'server', 'x-powered-by', 'x-aspnet-version', 'authorization', 'x-request-id'],
    ['strict-transport-security', 'alt-svc', 'x-sendfile', 'traceparent', 'tracestate', 'set-cookie2'],
    // What names the servers and programs inside.
    [
      'via',
      'x-aspnetmvc-version',
      'x-generator',
      'x-runtime',
      'x-served-by',
      'x-server',
      'x-server-name',
      'x-hostname',
    ],
  ].flat(),
);

/** Compared folded, as on the way in. */
const droppedPrefixes = ['xmiddleware', 'xsallyport', 'xaccel', 'xenvoy', 'xbackend', 'xupstream', 'proxy'];

/** What becomes of a header: most pass as they are, and are asked nothing more. */
type Treatment = 'drop' | 'pass' | 'judge';

/** What is looked at more closely before it passes. */
const judged: ReadonlySet<string> = new Set([
  'set-cookie',
  'clear-site-data',
  'vary',
  'location',
  'content-location',
  'www-authenticate',
]);

/** Remembered for the names met first. */
const treatments = new Map<string, Treatment>();
const rememberedTreatments = 512;

/**
 * Writes the headers of an answer, as a flat list: the upstream's, less what is hop-by-hop, ours to say, or tells how
 * the inside is built; then what every answer of the gateway carries.
 *
 * @param carriedIdentity whether the upstream was told who is calling.
 * @param origin the `Origin` of the request.
 * @throws `SP_UPSTREAM_UNAVAILABLE` for a `Location` that the route does not allow.
 */
export function writeResponseHeaders(
  headers: UpstreamHeaders,
  rules: ResponseRules,
  requestId: string,
  carriedIdentity: boolean,
  origin?: string,
): string[] {
  const list: string[] = [];
  const named = headers['connection'] === undefined ? undefined : connectionNames(headers['connection']);
  let vary: string | undefined;
  for (const name in headers) {
    const value = headers[name];
    const treatment = treatmentOf(name);
    if (value === undefined || treatment === 'drop' || named?.has(name) === true) continue;
    if (treatment === 'pass') pushValues(list, name, value);
    else if (name === 'set-cookie') pushCookies(list, value);
    else if (name === 'clear-site-data') pushClearing(list, value);
    else if (name.startsWith('access-control-') && !sharesWith(rules, origin)) continue;
    else if (name === 'vary') vary = Array.isArray(value) ? value.join(', ') : value;
    else if (carriedIdentity && speaksToCaches(name)) continue;
    else if ((name === 'location' || name === 'content-location') && typeof value === 'string') {
      list.push(name, publicLocation(name, value, rules));
    } else if (name === 'www-authenticate') pushChallenges(list, value, rules.resource);
    else pushValues(list, name, value);
  }
  // What was made for one person is kept by no cache: neither ours, nor a company's, nor a CDN that looks at extensions.
  if (carriedIdentity) list.push('cache-control', toCacheControl(headers, rules.cache));
  // Nor may another site have it in its process, as an image or a script.
  if (carriedIdentity && headers['cross-origin-resource-policy'] === undefined)
    list.push('cross-origin-resource-policy', 'same-origin');
  if (rules.mayCarryIdentity) vary = withMember(vary, 'Cookie');
  if (rules.crossOrigin !== undefined) {
    vary = withMember(vary, 'Origin');
    pushCrossOrigin(list, rules.crossOrigin, origin);
  }
  if (vary !== undefined) list.push('vary', vary);
  pushSafetyHeaders(list, headers, rules.strictTransport, isDocument(headers['content-type']));
  // A proxy in front that gathers answers, as nginx does unless it is told otherwise, would hold events back.
  if (isEventStream(headers['content-type'])) list.push('x-accel-buffering', 'no');
  list.push('x-request-id', requestId);
  return list;
}

function sharesWith({ cors }: ResponseRules, origin: string | undefined): boolean {
  return cors === 'all' || cors.has('*') || (origin !== undefined && cors.has(origin));
}

function isDocument(contentType: string | string[] | undefined): boolean {
  return typeof contentType !== 'string' || !contentType.startsWith('application/json');
}

function pushValues(list: string[], name: string, value: string | string[]): void {
  if (typeof value === 'string') list.push(name, value);
  else for (const one of value) list.push(name, one);
}

function pushChallenges(list: string[], value: string | string[], resource: ProtectedResource | undefined): void {
  if (resource === undefined) return pushValues(list, 'www-authenticate', value);
  for (const challenge of [value].flat()) list.push('www-authenticate', completeChallenge(challenge, resource));
}

function treatmentOf(name: string): Treatment {
  const known = treatments.get(name);
  if (known !== undefined) return known;
  const treatment = isDropped(name) ? 'drop' : isJudged(name) ? 'judge' : 'pass';
  if (treatments.size < rememberedTreatments) treatments.set(name, treatment);
  return treatment;
}

function isDropped(name: string): boolean {
  const folded = foldHeaderName(name);
  return dropped.has(name) || droppedPrefixes.some((prefix) => folded.startsWith(prefix));
}

function isJudged(name: string): boolean {
  return judged.has(name) || name.startsWith('access-control-') || speaksToCaches(name);
}

/** How many header names the cache of treatments holds: never more than its bound, whatever upstreams send. */
export function cachedTreatmentCount(): number {
  return treatments.size;
}

function connectionNames(value: string | string[]): ReadonlySet<string> | undefined {
  // What nearly every answer says, and what names no header.
  if (value === 'keep-alive' || value === 'close') return undefined;
  const text = Array.isArray(value) ? value.join(',') : value;
  return new Set(text.split(',').map((name) => name.trim().toLowerCase()));
}

/** An upstream can neither set nor clear the cookies of the gateway. */
function pushCookies(list: string[], value: string | string[]): void {
  for (const cookie of Array.isArray(value) ? value : [value]) {
    if (!isOurCookieName(cookie.trimStart().replace(/^=/, ''))) list.push('set-cookie', cookie);
  }
}

/** Nor by emptying the whole jar. */
function pushClearing(list: string[], value: string | string[]): void {
  const words = (Array.isArray(value) ? value.join(',') : value).split(',').map((word) => word.trim());
  const kept = words.filter((word) => word !== '' && !/^"?(?:cookies|\*)"?$/i.test(word));
  if (kept.length > 0) list.push('clear-site-data', kept.join(', '));
}

const memberForms = { Cookie: /(?:^|[\s,])cookie(?:[\s,]|$)/i, Origin: /(?:^|[\s,])origin(?:[\s,]|$)/i } as const;

function withMember(vary: string | undefined, member: keyof typeof memberForms): string {
  if (vary === undefined) return member;
  return vary === '*' || memberForms[member].test(vary) ? vary : `${vary}, ${member}`;
}

function publicLocation(name: 'location' | 'content-location', value: string, rules: ResponseRules): string {
  const found = toPublicLocation(value, rules);
  const isRefused = name === 'location' && found.kind === 'elsewhere' && rules.locations === 'own';
  if (isRefused && !rules.isServed(found.origin))
    throw new SallyportError('SP_UPSTREAM_UNAVAILABLE', { reason: 'foreign-location' });
  return found.location;
}
