import { IncomingMessage } from 'node:http';
import { SallyportError } from '@sallyport/core';

/**
 * The two ways in which proxies say what they were asked: `X-Forwarded-Method`, `-Uri`, `-Host`, `-Proto` (Traefik,
 * Caddy), or `X-Original-Method`, `X-Original-URI`, `Host`, `X-Forwarded-Proto` (nginx).
 */
export type ProxyDialect = 'forwarded' | 'original';

/** What a proxy was asked, and how it told us. */
export interface OriginalRequest {
  readonly dialect: ProxyDialect;
  /** As if the client had sent it to us, on the connection of the proxy. */
  readonly message: IncomingMessage;
}

interface Statements {
  readonly method: string;
  readonly target: string;
  readonly host: string;
}

/** Say something about the question of the proxy, not about the request that it asks about. */
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
 * Puts the original request together from the question of a proxy. Each of its statements must be there exactly once,
 * in one dialect only: where two are mixed, a client has added one that its proxy does not know to remove.
 *
 * @throws `SP_REQUEST_AMBIGUOUS`, and `SP_NOT_FOUND` for any other question.
 */
export function readOriginalRequest(question: IncomingMessage): OriginalRequest {
  // Caddy leaves the query of the original request on; what counts is in the headers.
  if (question.url?.split('?', 1)[0] !== forwardAuthPath)
    throw new SallyportError('SP_NOT_FOUND', { reason: 'no-question' });
  if (question.method !== 'GET') {
    throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'question-method', allow: ['GET'] });
  }
  const values = collect(question.rawHeaders);
  if (values.has('transfer-encoding') || (values.get('content-length') ?? []).some((length) => length !== '0')) {
    refuse('question-with-body');
  }
  const dialect = dialectOf(values);
  if (!/^https?$/.test(one(values, 'x-forwarded-proto'))) refuse('question-proto');
  const statements: Statements =
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
  return { dialect, message: toMessage(question, statements, isHandshake(statements.method, values)) };
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
  if (isForwarded === isOriginal) refuse('question-dialect');
  return isForwarded ? 'forwarded' : 'original';
}

function one(values: ReadonlyMap<string, readonly string[]>, name: string): string {
  const [value, ...more] = values.get(name) ?? [];
  if (value === undefined || value === '' || more.length > 0) refuse('question-header-count');
  return value;
}

/** Some proxies leave `Upgrade` out of the question. What asks for a key of the protocol is held to its rules. */
function isHandshake(method: string, values: ReadonlyMap<string, readonly string[]>): boolean {
  const upgrade = values.get('upgrade')?.join(',') ?? '';
  return method === 'GET' && (/\bwebsocket\b/i.test(upgrade) || values.has('sec-websocket-key'));
}

function toMessage(
  question: IncomingMessage,
  { method, target, host }: Statements,
  isUpgrade: boolean,
): IncomingMessage {
  const message = new IncomingMessage(question.socket);
  message.httpVersion = '1.1';
  message.httpVersionMajor = 1;
  message.httpVersionMinor = 1;
  message.method = method;
  message.url = target;
  message.rawHeaders.push('Host', host);
  if (isUpgrade) message.rawHeaders.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
  const raw = question.rawHeaders;
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
