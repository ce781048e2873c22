import { Agent as HttpAgent, request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

/** A request as it is sent. */
export interface GatewayRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Request['body'];
  readonly signal: AbortSignal;
}

/** An answer whose body was not read yet. */
export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream | null;
}

/** Sends a request and resolves when the headers of the answer are there. Follows no redirect. */
export type SendToGateway = (request: GatewayRequest) => Promise<GatewayAnswer>;

const options = { keepAlive: true, maxSockets: 256, scheduling: 'lifo' } as const;

/**
 * Builds what talks to the gateway. Not `fetch`: that one writes `Sec-Fetch-Mode` itself, by which the gateway tells pages
 * from calls of scripts.
 */
export function createGatewaySender(): SendToGateway {
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return async (request) => {
    const { url, method, body, signal } = request;
    const sent = open(request, url.startsWith('https:') ? agents.https : agents.http);
    try {
      return await exchange(sent, body);
    } catch (error) {
      // The gateway closed a connection that had been idle, just as it was used again: nothing was read there.
      const isRepeatable = body === null && (method === 'GET' || method === 'HEAD');
      if (!isRepeatable || !sent.reusedSocket || signal.aborted) throw error;
      return exchange(open(request, false), body);
    }
  };
}

function open({ url, method, headers, signal }: GatewayRequest, agent: HttpAgent | false): ClientRequest {
  const about = { method, headers: Object.fromEntries(headers), signal, agent };
  return url.startsWith('https:') ? requestHttps(url, about) : requestHttp(url, about);
}

function exchange(sent: ClientRequest, body: Request['body']): Promise<GatewayAnswer> {
  return new Promise((resolve, reject) => {
    sent.on('response', (answer) => resolve(toAnswer(answer)));
    sent.on('error', reject);
    if (body === null) sent.end();
    // A body that breaks off ends the request, and what ends the request ends the body.
    else pipeline(Readable.fromWeb(body as ReadableStream), sent).catch(reject);
  });
}

function toAnswer(answer: IncomingMessage): GatewayAnswer {
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  return { status: answer.statusCode ?? 502, headers, body: Readable.toWeb(answer) };
}
