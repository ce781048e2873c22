import { createServer, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import { listenOnLoopback, readServerSettings, reportServer } from './server-report.ts';

/*
 * The least that a proxy on node:http and undici can do and still be one: pass on method, target, headers and body both
 * ways with back-pressure, without the headers that belong to one connection, and let go when the client does. No log,
 * no identity, no limits, no routes. Of undici's interfaces `dispatch` is the fastest; `stream` and `request` cost more.
 */

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const { upstreamPort, skipsEmptyBodies = false } = readServerSettings();
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 1024, pipelining: 1 });

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const server = createServer({ optimizeEmptyRequests: skipsEmptyBodies }, (request, response) => {
  const { method = 'GET', url = '/', rawHeaders } = request;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? request : null;
  pool.dispatch({ method, path: url, headers: toUpstream(rawHeaders), body }, new Exchange(response));
});

class Exchange implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.on('close', () => {
      if (!this.#response.writableFinished) controller.abort(new Error('the client has gone'));
    });
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    this.#response.writeHead(status, toClient(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once('drain', () => {
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(502).end();
  }
}

function toUpstream(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!hopByHop.has(name.toLowerCase())) kept.push(name, raw[index + 1] ?? '');
  }
  return kept;
}

function toClient(headers: Headers): string[] {
  const kept: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || hopByHop.has(name)) continue;
    if (typeof value === 'string') kept.push(name, value);
    else for (const one of value) kept.push(name, one);
  }
  return kept;
}

reportServer({ port: await listenOnLoopback(server) });
