import { IncomingMessage } from 'node:http';
import { SallyportError } from '@sallyport/core';

/**
 * How proxies describe the original request:
 * - `forwarded`: by `X-Forwarded-Method`, `-Uri`, `-Host` and `-Proto` (Traefik, Caddy);
 * - `original`: by `X-Original-Method`, `X-Original-URI`, `Host` and `X-Forwarded-Proto` (nginx);
 * - `original-url`: by `X-Original-Method` and `X-Original-URL`, which has scheme, host and target (ingress-nginx);
 * - `path`: by the request itself, with its method, `Host` and a path behind that of the endpoint, and `X-Forwarded-Proto`
 *   (`ext_authz` of Envoy with `path_prefix`).
 */
export type ProxyDialect = 'forwarded' | 'original' | 'original-url' | 'path';

/** The request that a proxy received, and how the proxy described it. */
export interface OriginalRequest {
  readonly dialect: ProxyDialect;
  /** As if the client had sent it to the gateway, on the connection of the proxy. */
  readonly message: IncomingMessage;
}

interface OriginalTarget {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly scheme: string;
}

/** Headers that belong to the subrequest of the proxy, not to the original request. */
const notOriginal: ReadonlySet<string> = new Set([
  'host',
  'x-forwarded-method',
  'x-forwarded-uri',
  'x-forwarded-host',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-forwarded-proto',
  'connection',
  'upgrade',
  'content-length',
  'transfer-encoding',
  'expect',
  'te',
  'trailer',
  'keep-alive',
]);

const forwardAuthPath = '/forward-auth';

/**
 * Rebuilds the original request from the auth subrequest of a proxy. Each header that describes it must be there exactly
 * once, in one dialect only: where two are mixed, a client has added one that its proxy does not know to remove.
 *
 * @throws `SP_REQUEST_AMBIGUOUS`; `SP_NOT_FOUND` or `SP_METHOD_NOT_ALLOWED` for what is no auth subrequest.
 */
export function readOriginalRequest(subrequest: IncomingMessage): OriginalRequest {
  const { method = '', url = '' } = subrequest;
  const behind = url.startsWith(`${forwardAuthPath}/`) ? url.slice(forwardAuthPath.length) : undefined;
  const values = collect(subrequest.rawHeaders);
  const described = describedBy(values);
  // Caddy leaves the query of the original request on; what counts is in the headers.
  if (behind === undefined && url.split('?', 1)[0] !== forwardAuthPath)
    throw new SallyportError('SP_NOT_FOUND', { reason: 'no-subrequest' });
  if (behind === undefined && method !== 'GET')
    throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'subrequest-method', allow: ['GET'] });
  if (values.has('transfer-encoding') || (values.get('content-length') ?? []).some((length) => length !== '0')) {
    refuse('subrequest-with-body');
  }
  // Where there is more than one description, a client has added one that its proxy does not know to remove.
  const [dialect, ...others] = behind === undefined ? described : [...described, 'path' as const];
  if (dialect === undefined || others.length > 0) refuse('subrequest-dialect');
  const original = dialect === 'path' ? { ...byPath(values), method, target: behind ?? '' } : readers[dialect](values);
  if (!/^(?:http|ws)s?$/i.test(original.scheme)) refuse('subrequest-proto');
  return { dialect, message: toMessage(subrequest, original, isHandshake(original.method, values)) };
}

type Values = ReadonlyMap<string, readonly string[]>;

const readers: Readonly<Record<Exclude<ProxyDialect, 'path'>, (values: Values) => OriginalTarget>> = {
  forwarded: (values) => ({
    method: one(values, 'x-forwarded-method'),
    target: one(values, 'x-forwarded-uri'),
    host: one(values, 'x-forwarded-host'),
    scheme: one(values, 'x-forwarded-proto'),
  }),
  original: (values) => ({
    method: one(values, 'x-original-method'),
    target: one(values, 'x-original-uri'),
    host: one(values, 'host'),
    scheme: one(values, 'x-forwarded-proto'),
  }),
  'original-url': (values) => ({
    method: one(values, 'x-original-method'),
    ...splitUrl(one(values, 'x-original-url')),
  }),
};

function byPath(values: Values): Pick<OriginalTarget, 'host' | 'scheme'> {
  return { host: one(values, 'host'), scheme: one(values, 'x-forwarded-proto') };
}

/** Cuts a URL without reading it: a parser of URLs would normalise the target. */
function splitUrl(url: string): Omit<OriginalTarget, 'method'> {
  const [, scheme, host, target] = /^([a-z]+):\/\/([^/?#]+)(\/.*)$/i.exec(url) ?? [];
  if (scheme === undefined || host === undefined || target === undefined) refuse('subrequest-url');
  return { scheme, host, target };
}

function collect(raw: readonly string[]): Values {
  const values = new Map<string, string[]>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const known = values.get(name);
    if (known === undefined) values.set(name, [raw[index + 1] ?? '']);
    else known.push(raw[index + 1] ?? '');
  }
  return values;
}

function describedBy(values: Values): ProxyDialect[] {
  const isForwarded = values.has('x-forwarded-uri') || values.has('x-forwarded-method');
  const isOriginal = values.has('x-original-uri') || values.has('x-original-method');
  // Some servers put a path into X-Original-URL, which describes nothing here.
  const isUrl = isOriginal && (values.get('x-original-url') ?? []).some((value) => !value.startsWith('/'));
  return [
    ...(isForwarded ? (['forwarded'] as const) : []),
    ...(isUrl ? (['original-url'] as const) : []),
    ...(values.has('x-original-uri') || (isOriginal && !isUrl) ? (['original'] as const) : []),
  ];
}

function one(values: Values, name: string): string {
  const [value, ...more] = values.get(name) ?? [];
  if (value === undefined || value === '' || more.length > 0) refuse('subrequest-header-count');
  return value;
}

/** Some proxies leave `Upgrade` out of the subrequest; a request with a WebSocket key is a handshake all the same. */
function isHandshake(method: string, values: Values): boolean {
  const upgrade = values.get('upgrade')?.join(',') ?? '';
  return method === 'GET' && (/\bwebsocket\b/i.test(upgrade) || values.has('sec-websocket-key'));
}

function toMessage(
  subrequest: IncomingMessage,
  { method, target, host, scheme }: OriginalTarget,
  isUpgrade: boolean,
): IncomingMessage {
  const message = new IncomingMessage(subrequest.socket);
  message.httpVersion = '1.1';
  message.httpVersionMajor = 1;
  message.httpVersionMinor = 1;
  message.method = method;
  message.url = target;
  message.rawHeaders.push('Host', host, 'X-Forwarded-Proto', scheme);
  if (isUpgrade) message.rawHeaders.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
  const raw = subrequest.rawHeaders;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!notOriginal.has(name.toLowerCase())) message.rawHeaders.push(name, raw[index + 1] ?? '');
  }
  // Node would make these of headers that its own parser has read.
  message.headers = Object.fromEntries(
    [...collect(message.rawHeaders)].map(([name, values]) => [name, values.join(', ')]),
  );
  // The body stays at the proxy.
  message.complete = true;
  return message;
}

function refuse(reason: string): never {
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason });
}
