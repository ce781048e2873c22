import { createServer, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import { listenOnLoopback, readServerSettings, reportServer } from './server-report.ts';

/*
 * The least that a proxy on node:http and undici can do and still be one: pass on method, target, headers and body both
 * ways, without the headers that belong to one connection. No log, no identity, no limits, no routes.
 */

const { upstreamPort } = readServerSettings();
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 64, pipelining: 1 });

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

const server = createServer((request, response) => {
  const method = request.method as Dispatcher.HttpMethod;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  pool.dispatch(
    {
      method,
      path: request.url ?? '/',
      headers: endToEnd(request.rawHeaders),
      body: hasBody ? request : null,
    },
    answerWith(response),
  );
});

function answerWith(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client has gone'));
      });
      response.on('drain', () => {
        controller.resume();
      });
    },
    onResponseStart(controller, status) {
      response.writeHead(status, endToEnd(toTexts(controller.rawHeaders)));
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    },
  };
}

function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!hopByHop.has(name.toLowerCase())) kept.push(name, raw[index + 1] ?? '');
  }
  return kept;
}

function toTexts(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  return Array.isArray(raw) ? raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))) : [];
}

reportServer({ port: await listenOnLoopback(server) });
