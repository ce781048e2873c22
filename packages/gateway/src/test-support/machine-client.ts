import { Agent, request as sendRequest, type RequestOptions } from 'node:https';
import { connect, type ConnectionOptions } from 'node:tls';

/** What came back. */
export interface MachineAnswer {
  readonly status: number;
  readonly body: string;
  /** Whether the connection was used before. */
  readonly isReused: boolean;
}

/** A client with a certificate, or without one, that keeps its connection. */
export interface MachineClient {
  get(path: string, headers?: Readonly<Record<string, string | readonly string[]>>): Promise<MachineAnswer>;
  send(method: string, path: string, headers?: Readonly<Record<string, string>>, body?: string): Promise<MachineAnswer>;
  close(): void;
}

/** Builds a client of the listener for machines on loopback. */
export function createMachineClient(port: number, tls: ConnectionOptions, host = `localhost:${port}`): MachineClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (options: RequestOptions, body = ''): Promise<MachineAnswer> =>
    new Promise((resolve, reject) => {
      const request = sendRequest(
        { host: '127.0.0.1', port, agent, rejectUnauthorized: false, ...tls, ...options },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.once('error', reject);
          response.once('end', () =>
            resolve({ status: response.statusCode ?? 0, body: text, isReused: request.reusedSocket }),
          );
        },
      );
      request.once('error', reject);
      request.end(body);
    });
  return {
    get: (path, headers = {}) => send({ method: 'GET', path, headers: { Host: host, ...headers } }),
    send: (method, path, headers = {}, body = '') => send({ method, path, headers: { Host: host, ...headers } }, body),
    close: () => agent.destroy(),
  };
}

/** What a handshake was like. */
export interface Handshake {
  readonly isReused: boolean;
  /** The session that a later handshake may resume; the last one that the server gave. */
  readonly session: Buffer | undefined;
}

/** Makes a handshake, sends one request, and says what session the server gave. */
export function shakeHands(port: number, options: ConnectionOptions): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    let session: Buffer | undefined;
    let isReused = false;
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () => {
      isReused = socket.isSessionReused();
      socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('session', (given: Buffer) => (session = given));
    socket.on('error', reject);
    socket.resume();
    socket.on('close', () => resolve({ isReused, session }));
  });
}
