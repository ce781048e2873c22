import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform, type Duplex, type Readable } from 'node:stream';
import { SallyportError, type Route } from '@sallyport/core';
import { Pool, type Dispatcher } from 'undici';
import { joinSockets } from './join-sockets.ts';
import { requestOf, type Passage } from '../passage.ts';
import type { Place } from '../route-table.ts';
import { upstreamTarget, writeUpstreamHeaders, type UpstreamRequestParts } from './upstream-request.ts';
import { writeResponseHeaders, type ResponseContext, type UpstreamHeaders } from './upstream-response.ts';
import { isAgreement, writeAgreementHeaders } from '../firewall/web-socket-handshake.ts';

/** A request that is being forwarded. */
export interface Transfer {
  /** The client is gone: the upstream is told, and its connection is not used again. */
  abort(): void;
  /** From sending the request to the head of the answer; only measured when traces are kept. */
  readonly upstreamMilliseconds: number | undefined;
}

/** Sends requests on. */
export interface Forwarder {
  /**
   * Streams both ways. `fail` is called, once, when nothing of an answer was sent yet; `proceed` once the request is
   * sure to be sent.
   */
  forward(
    passage: Passage,
    place: Place,
    response: ServerResponse,
    fail: (error: SallyportError) => void,
    proceed: () => void,
  ): Transfer;
  destroy(): Promise<void>;
}

export interface ForwarderParts extends UpstreamRequestParts {
  readonly publicOrigin: string;
  readonly strictTransport: string | undefined;
  readonly bodyBytes: number;
  /** WebSocket connections at the same time, and handshakes that may become one. */
  readonly tunnels: number;
}

/**
 * An upstream that is slower than this is answered for by 504; routes can say otherwise. The last two are equal because
 * undici then keeps one timer through an exchange and does not make a new one for each half.
 */
const defaultTimeouts = { connect: 5000, headers: 60_000, idle: 60_000 };

const connectionsPerUpstream = 1024;

const smallBody = 16_384;

interface Target {
  readonly origin: string;
  readonly pool: Pool;
}

/** How a place is forwarded to, worked out once. */
interface Lane {
  readonly targets: readonly Target[];
  next: number;
  readonly strippedSegments: number;
  readonly strippedPrefix: string;
  readonly bodyBytes: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/**
 * Builds the forwarder, with one pool of connections per upstream. Redirects are never followed. Only a GET or HEAD
 * without a body, whose connection broke before any answer, is sent a second time: a pooled connection may have been
 * closed from the other side just then.
 */
export function createForwarder(places: readonly Place[], parts: ForwarderParts): Forwarder {
  const pools = new Map<string, Pool>();
  const lanes = new Map<Place, Lane>();
  let tunnels = 0;
  for (const place of places) {
    if (place.destination.kind === 'upstream') lanes.set(place, createLane(place.destination.route, pools, parts));
  }

  return {
    forward: (passage, place, response, fail, proceed) => {
      const lane = lanes.get(place);
      if (lane === undefined) throw new TypeError(`there is no upstream behind "${place.name}"`);
      const request = requestOf(passage);
      const { headers } = request;
      if (headers.contentLength !== undefined && headers.contentLength > lane.bodyBytes) throw tooLarge();
      const target = lane.targets[lane.next] ?? lane.targets[0];
      if (target === undefined) throw new TypeError(`"${place.name}" has no upstream`);
      lane.next = (lane.next + 1) % lane.targets.length;
      if (headers.isWebSocket) {
        if (tunnels >= parts.tunnels) throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'tunnel-limit' });
        tunnels++;
        response.once('close', () => tunnels--);
      }

      const context: ResponseContext = {
        requestId: passage.requestId,
        publicOrigin: parts.publicOrigin,
        upstreamOrigin: target.origin,
        strippedPrefix: lane.strippedPrefix,
        strictTransport: parts.strictTransport,
        carriedIdentity: passage.token !== undefined,
        mayCarryIdentity: place.carriesIdentity,
      };
      const options: Dispatcher.DispatchOptions = {
        path: upstreamTarget(request.target, request.query, lane.strippedSegments),
        method: request.method,
        headers: writeUpstreamHeaders(passage, place, parts),
        body: bodyOf(passage, lane.bodyBytes),
        // A stream may begin late; the answer to a handshake does not.
        headersTimeout: headers.isWebSocket ? lane.headersTimeout || defaultTimeouts.headers : lane.headersTimeout,
        bodyTimeout: lane.bodyTimeout,
        ...(headers.isWebSocket ? { upgrade: 'websocket' } : {}),
      };
      const isTraced = passage.timings !== undefined;
      const handler = new TransferHandler(target.pool, options, passage.message, response, context, fail, isTraced);
      proceed();
      handler.send();
      return handler;
    },
    destroy: async () => void (await Promise.all([...pools.values()].map((pool) => pool.destroy()))),
  };
}

function createLane(route: Route, pools: Map<string, Pool>, parts: ForwarderParts): Lane {
  const connectTimeout = route.timeouts?.connectMilliseconds ?? defaultTimeouts.connect;
  const urls = Array.isArray(route.upstream) ? route.upstream : [route.upstream];
  return {
    targets: urls.map((url) => {
      const { origin } = new URL(url);
      return { origin, pool: poolFor(pools, origin, connectTimeout, route.streaming) };
    }),
    next: 0,
    strippedSegments: route.stripPrefix ? route.prefix.split('/').filter(Boolean).length : 0,
    strippedPrefix: route.stripPrefix && route.prefix !== '/' ? route.prefix : '',
    bodyBytes: route.limits?.bodyBytes ?? parts.bodyBytes,
    headersTimeout: route.timeouts?.headersMilliseconds ?? (route.streaming ? 0 : defaultTimeouts.headers),
    bodyTimeout: route.timeouts?.idleMilliseconds ?? (route.streaming ? 0 : defaultTimeouts.idle),
  };
}

/** Streams stay open for long: they get connections of their own, so that they never hold up short requests. */
function poolFor(pools: Map<string, Pool>, origin: string, connectTimeout: number, isStreaming: boolean): Pool {
  const key = `${origin} ${connectTimeout} ${isStreaming}`;
  const known = pools.get(key);
  if (known !== undefined) return known;
  const pool = new Pool(origin, {
    connections: isStreaming ? null : connectionsPerUpstream,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: connectTimeout },
  });
  pools.set(key, pool);
  return pool;
}

/**
 * The body, counted as it passes. Never the request itself: undici destroys what it reads from when an upstream answers
 * early, and with it would go the connection on which the client waits for that answer.
 */
function bodyOf(passage: Passage, limit: number): Readable | null {
  if (!requestOf(passage).headers.hasBody) return null;
  let total = 0;
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      total += chunk.length;
      if (total > limit) done(tooLarge());
      else done(null, chunk);
    },
  });
  // Undici hears of errors while it reads; what comes after that concerns nobody.
  counted.on('error', () => {});
  return passage.message.pipe(counted);
}

function tooLarge(): SallyportError {
  return new SallyportError('SP_BODY_TOO_LARGE', { reason: 'body-limit' });
}

/** One exchange with an upstream. A class, because one object then carries what five closures would. */
class TransferHandler implements Dispatcher.DispatchHandler, Transfer {
  readonly #pool: Pool;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #context: ResponseContext;
  readonly #fail: (error: SallyportError) => void;
  readonly #isTraced: boolean;
  #controller: Dispatcher.DispatchController | undefined;
  #isAborted = false;
  #isRetried = false;
  #isWaitingForDrain = false;
  /** Bytes of the answer, when it says so; -1 otherwise. */
  #length = -1;
  #isEnded = false;
  #sentAt = 0;
  upstreamMilliseconds: number | undefined;

  constructor(
    pool: Pool,
    options: Dispatcher.DispatchOptions,
    message: IncomingMessage,
    response: ServerResponse,
    context: ResponseContext,
    fail: (error: SallyportError) => void,
    isTraced: boolean,
  ) {
    this.#pool = pool;
    this.#options = options;
    this.#message = message;
    this.#response = response;
    this.#context = context;
    this.#fail = fail;
    this.#isTraced = isTraced;
  }

  send(): void {
    if (this.#isTraced) this.#sentAt = performance.now();
    this.#pool.dispatch(this.#options, this);
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#controller?.abort(new Error('the client went away'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborted) controller.abort(new Error('the client went away'));
  }

  onRequestUpgrade(_: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders, upstream: Duplex): void {
    const { socket } = this.#message;
    if (this.#isAborted || socket.destroyed) {
      upstream.destroy();
      return;
    }
    if (!isAgreement(this.#message, status, headers)) {
      upstream.destroy();
      this.#fail(new SallyportError('SP_UPSTREAM_UNAVAILABLE', { reason: 'handshake-answer' }));
      return;
    }
    this.#response.writeHead(status, writeAgreementHeaders(headers, this.#context.requestId));
    this.#response.end();
    joinSockets(socket, upstream);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    // Early hints and the like are for the hop between us.
    if (status < 200) return;
    if (this.#isTraced) this.upstreamMilliseconds = performance.now() - this.#sentAt;
    this.#length = typeof headers['content-length'] === 'string' ? Number(headers['content-length']) : -1;
    this.#response.writeHead(status, writeResponseHeaders(headers, this.#context));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (chunk.length === this.#length) {
      // The whole body in one piece, as most answers are. As text it leaves in one write together with the head;
      // Latin-1 is the encoding in which every byte is a character, so nothing changes on the way.
      this.#isEnded = true;
      if (chunk.length <= smallBody) this.#response.end(chunk.toString('latin1'), 'latin1');
      else this.#response.end(chunk);
      return;
    }
    if (this.#response.write(chunk) || this.#isWaitingForDrain) return;
    this.#isWaitingForDrain = true;
    controller.pause();
    this.#response.once('drain', () => {
      this.#isWaitingForDrain = false;
      controller.resume();
    });
  }

  onResponseEnd(): void {
    if (!this.#isEnded) this.#response.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#isAborted || this.#isEnded || this.#response.destroyed) return;
    if (this.#response.headersSent) {
      // Half an answer must not look like a whole one.
      this.#response.destroy();
      return;
    }
    if (this.#mayRetry(error)) {
      this.#isRetried = true;
      this.send();
      return;
    }
    this.#fail(toUpstreamError(error));
  }

  #mayRetry(error: Error): boolean {
    const { method, body } = this.#options;
    return !this.#isRetried && body === null && (method === 'GET' || method === 'HEAD') && isBrokenConnection(error);
  }
}

function isBrokenConnection(error: Error): boolean {
  const code = codeOf(error);
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function toUpstreamError(error: Error): SallyportError {
  if (error instanceof SallyportError) return error;
  const code = codeOf(error);
  const isTimeout = /TIMEOUT|ETIMEDOUT/.test(code);
  return new SallyportError(isTimeout ? 'SP_UPSTREAM_TIMEOUT' : 'SP_UPSTREAM_UNAVAILABLE', {
    cause: error,
    reason: code === '' ? 'upstream-failed' : code.toLowerCase().replaceAll('_', '-'),
  });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
