import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:tls';
import { handshake, watchSocket, type WebSocketClient } from '@sallyport/gateway/test-support';

/** Where the proxy listens for app.test, and by which authority its certificate is signed. */
export interface SecurePlace {
  readonly port: number;
  readonly ca: string;
}

export interface ClientAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ClientRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Called with what has come of the body. */
  readonly onData?: (soFar: string) => void;
  /** Ends the request from outside. */
  readonly signal?: AbortSignal;
}

/** The address that clients have: another one than the proxies, so that a service can tell which of them it heard. */
export const clientAddress = '127.0.0.2';

/** Asks a proxy for https://app.test, as a client at another address. */
export function askSecurely(
  { port, ca }: SecurePlace,
  target: string,
  request: ClientRequest = {},
): Promise<ClientAnswer> {
  return ask(requestHttps, target, request, { port, ca, servername: 'app.test' });
}

/** Asks a proxy for http://app.test. */
export function askClearly(port: number, target: string, request: ClientRequest = {}): Promise<ClientAnswer> {
  return ask(requestHttp, target, request, { port });
}

function ask(
  send: typeof requestHttps,
  target: string,
  { method = 'GET', headers = {}, body, onData, signal }: ClientRequest,
  place: { readonly port: number; readonly ca?: string; readonly servername?: string },
): Promise<ClientAnswer> {
  return new Promise((resolve, reject) => {
    const sent = send({
      host: '127.0.0.1',
      localAddress: clientAddress,
      agent: false,
      method,
      path: target,
      headers: {
        host: 'app.test',
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
      ...place,
      ...(signal === undefined ? {} : { signal }),
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        onData?.(text);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.end(body);
  });
}

/** Opens a WebSocket at a proxy, as a page of an origin does. */
export function openWebSocket(
  { port, ca }: SecurePlace,
  target: string,
  cookie?: string,
  origin = 'https://app.test',
): WebSocketClient {
  const options = { host: '127.0.0.1', localAddress: clientAddress, port, ca, servername: 'app.test' };
  const socket = connect({ ...options, ALPNProtocols: ['http/1.1'] }, () => {
    socket.write(handshake(target, { Cookie: cookie, Origin: origin }));
  });
  return watchSocket(socket);
}
