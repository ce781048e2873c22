import { IncomingMessage } from 'node:http';
import { SallyportError } from '@sallyport/core';

/**
 * The two sets of headers by which proxies describe the original request: `X-Forwarded-Method`, `-Uri`, `-Host`, `-Proto` (Traefik,
 * Caddy), or `X-Original-Method`, `X-Original-URI`, `Host`, `X-Forwarded-Proto` (nginx).
 */
export type ProxyDialect = 'forwarded' | 'original';

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
}

/** Headers that belong to the subrequest of the proxy, not to the original request. */
const notOriginal: ReadonlySet<string> = new Set([
  'host',
  'x-forwarded-method',
  'x-forwarded-uri',
  'x-forwarded-host',
  'x-original-method',
  'x-original-uri',
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
  // Caddy leaves the query of the original request on; what counts is in the headers.
  if (subrequest.url?.split('?', 1)[0] !== forwardAuthPath)
    throw new SallyportError('SP_NOT_FOUND', { reason: 'no-subrequest' });
  if (subrequest.method !== 'GET') {
    throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'subrequest-method', allow: ['GET'] });
  }
  const values = collect(subrequest.rawHeaders);
  if (values.has('transfer-encoding') || (values.get('content-length') ?? []).some((length) => length !== '0')) {
    refuse('subrequest-with-body');
  }
  const dialect = dialectOf(values);
  if (!/^https?$/.test(one(values, 'x-forwarded-proto'))) refuse('subrequest-proto');
  const original: OriginalTarget =
    dialect === 'forwarded'
      ? {
          method: one(values, 'x-forwarded-method'),
          target: one(values, 'x-forwarded-uri'),
          host: one(values, 'x-forwarded-host'),
        }
      : {
          method: one(values, 'x-original-method'),
          target: one(values, 'x-original-uri'),
          host: one(values, 'host'),
        };
  return { dialect, message: toMessage(subrequest, original, isHandshake(original.method, values)) };
}

function collect(raw: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const known = values.get(name);
    if (known === undefined) values.set(name, [raw[index + 1] ?? '']);
    else known.push(raw[index + 1] ?? '');
  }
  return values;
}

function dialectOf(values: ReadonlyMap<string, readonly string[]>): ProxyDialect {
  const isForwarded = values.has('x-forwarded-uri') || values.has('x-forwarded-method');
  const isOriginal = values.has('x-original-uri') || values.has('x-original-method');
  if (isForwarded === isOriginal) refuse('subrequest-dialect');
  return isForwarded ? 'forwarded' : 'original';
}

function one(values: ReadonlyMap<string, readonly string[]>, name: string): string {
  const [value, ...more] = values.get(name) ?? [];
  if (value === undefined || value === '' || more.length > 0) refuse('subrequest-header-count');
  return value;
}

/** Some proxies leave `Upgrade` out of the subrequest; a request with a WebSocket key is a handshake all the same. */
function isHandshake(method: string, values: ReadonlyMap<string, readonly string[]>): boolean {
  const upgrade = values.get('upgrade')?.join(',') ?? '';
  return method === 'GET' && (/\bwebsocket\b/i.test(upgrade) || values.has('sec-websocket-key'));
}

function toMessage(
  subrequest: IncomingMessage,
  { method, target, host }: OriginalTarget,
  isUpgrade: boolean,
): IncomingMessage {
  const message = new IncomingMessage(subrequest.socket);
  message.httpVersion = '1.1';
  message.httpVersionMajor = 1;
  message.httpVersionMinor = 1;
  message.method = method;
  message.url = target;
  message.rawHeaders.push('Host', host);
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
