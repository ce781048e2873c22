import type { CredentialKind, Route } from '@sallyport/core';
import type { Mount } from './mount.ts';

/** Other sites whose scripts may use a route or mount, and how. The gateway answers their browsers itself (CORS). */
export interface CrossOrigin {
  /** Exact origins; `all` for documents that hold nothing of any user. */
  readonly origins: ReadonlySet<string> | 'all';
  /** Values of `Access-Control-Allow-*`, `-Expose-Headers` and `-Max-Age`. */
  readonly methods: string;
  readonly headers: string;
  readonly exposed: string;
  readonly maxAge: string;
}

/** Which other sites may use what the gateway itself answers. */
export interface CrossOriginOptions {
  /** Origins whose scripts may get, refresh and revoke tokens. */
  readonly tokenOrigins: readonly string[];
  /** Origins whose scripts may read public keys; `*` for all. */
  readonly documentOrigins: readonly string[];
}

/** Kinds of credentials that a script holds itself, so that no browser attaches them. */
const heldByScripts: ReadonlySet<CredentialKind> = new Set(['bearer', 'opaque', 'api-key']);

const usualHeaders = ['authorization', 'content-type', 'dpop', 'x-api-key'];
const usualExposed = [
  'dpop-nonce',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'www-authenticate',
  'x-request-id',
];
/** What clients of MCP send and read (Streamable HTTP): none of it is a credential. */
const mcpHeaders = ['mcp-protocol-version', 'mcp-session-id', 'mcp-method', 'mcp-name', 'last-event-id'];
const mcpExposed = ['mcp-session-id', 'mcp-protocol-version'];
const usualMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const usualMaxAgeSeconds = 600;

/** Whether a route accepts what scripts of other sites can present: then the gateway speaks CORS for it. */
export function isForScripts({ credentials }: Pick<Route, 'credentials'>): boolean {
  return credentials.some((kind) => heldByScripts.has(kind));
}

/** The other sites of a route; `undefined` where there are none, or where its service speaks to them itself. */
export function crossOriginOfRoute(route: Route): CrossOrigin | undefined {
  const { cors, methods = usualMethods, mcp } = route;
  if (cors === undefined || !isForScripts(route)) return undefined;
  if (mcp === undefined) return toCrossOrigin(cors.origins, methods, cors);
  const { headers = [], exposed = [] } = cors;
  return toCrossOrigin(cors.origins, methods, {
    ...cors,
    headers: [...mcpHeaders, ...headers],
    exposed: [...mcpExposed, ...exposed],
  });
}

/** The other sites of a mount, by what it says that it answers. */
export function crossOriginOfMount(
  {
    crossOrigin,
    crossOriginMethods,
    moreOrigins = [],
  }: Pick<Mount, 'crossOrigin' | 'crossOriginMethods' | 'moreOrigins'>,
  options: CrossOriginOptions,
): CrossOrigin | undefined {
  if (crossOrigin === undefined) return undefined;
  const listed = crossOrigin === 'tokens' ? options.tokenOrigins : options.documentOrigins;
  const origins = [...listed, ...moreOrigins];
  if (origins.length === 0) return undefined;
  const methods = crossOriginMethods ?? (crossOrigin === 'tokens' ? ['GET', 'POST'] : ['GET', 'HEAD']);
  return toCrossOrigin(origins, methods, {});
}

/** Origins as browsers write them: a configuration may spell one with capital letters, or with the port of its scheme. */
export function toOriginSet(origins: readonly string[]): ReadonlySet<string> {
  return new Set(origins.map((origin) => (origin === '*' ? origin : new URL(origin).origin)));
}

/** Whether scripts of this origin may use it. Two `Origin` headers are none that is listed. */
export function isShared({ origins }: CrossOrigin, origin: string | undefined): origin is string {
  return origin !== undefined && (origins === 'all' || origins.has(origin));
}

/**
 * The headers of an answer by which a browser lets a script read it, as names and values in turn; none for any other origin. Never with
 * credentials: what a browser attaches by itself counts for no other site.
 */
export function pushCrossOrigin(list: string[], rule: CrossOrigin, origin: string | undefined): void {
  if (!isShared(rule, origin)) return;
  list.push('access-control-allow-origin', rule.origins === 'all' ? '*' : origin);
  list.push('access-control-expose-headers', rule.exposed);
}

function toCrossOrigin(
  origins: readonly string[],
  methods: readonly string[],
  {
    headers = [],
    exposed = [],
    maxAgeSeconds = usualMaxAgeSeconds,
  }: Pick<NonNullable<Route['cors']>, 'headers' | 'exposed' | 'maxAgeSeconds'>,
): CrossOrigin {
  return {
    origins: origins.includes('*') ? 'all' : toOriginSet(origins),
    methods: methods.join(', '),
    headers: [...usualHeaders, ...headers].join(', '),
    exposed: [...usualExposed, ...exposed].join(', '),
    maxAge: String(maxAgeSeconds),
  };
}
