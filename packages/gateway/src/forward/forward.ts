import type { ServerResponse } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { SallyportError, type Route } from '@sallyport/core';
import type { SlowClients } from '../limits/slow-clients.ts';
import { requestOf, type RequestState } from '../pipeline/request-state.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import type { StreamRegister } from '../streams/stream-register.ts';
import { createTargetChoice } from './choose-target.ts';
import { clientKeyOf } from './client-key.ts';
import type { IdleAnswers } from './idle-answers.ts';
import { TransferHandler, type ForwardOptions, type Transfer, type TransferParts } from './transfer.ts';
import type { UpstreamMeasures } from './upstream-measures.ts';
import { upstreamTarget, writeUpstreamHeaders, type UpstreamRequestParts } from './upstream-request.ts';
import type { ResponseContext } from './upstream-response.ts';
import { defaultTimeouts, type UpstreamPlan } from './upstreams.ts';

/** Sends requests on. */
export interface Forwarder {
  /**
   * Streams both ways. `fail` is called, once, when nothing of an answer was sent yet; `proceed` once the request is
   * sure to be sent.
   */
  forward(
    state: RequestState,
    route: ResolvedRoute,
    response: ServerResponse,
    fail: (error: SallyportError) => void,
    proceed: () => void,
  ): Transfer;
}

export interface ForwarderParts extends UpstreamRequestParts {
  readonly publicOrigin: string;
  readonly strictTransport: string | undefined;
  readonly bodyBytes: number;
  readonly tunnels: TunnelCap;
  readonly upstreams: UpstreamPlan;
  readonly streams: StreamRegister;
  readonly idleAnswers: IdleAnswers;
  readonly slowClients: Pick<SlowClients, 'spareDuring'>;
  readonly measuresOf: (route: string) => UpstreamMeasures;
}

/** WebSocket connections at the same time, and handshakes that may become one. */
export interface TunnelCap {
  readonly most: number;
  open: number;
}

/** How a route is forwarded to, worked out once. */
interface Lane extends TransferParts {
  readonly origins: readonly string[];
  readonly isStreaming: boolean;
  readonly strippedSegments: number;
  readonly strippedPrefix: string;
  readonly bodyBytes: number;
  readonly headersTimeout: number;
}

/**
 * Builds the forwarder. Redirects are never followed. A route with several targets sends each request to the one with
 * the fewest requests in flight.
 */
export function createForwarder(routes: readonly ResolvedRoute[], parts: ForwarderParts): Forwarder {
  const lanes = new Map<ResolvedRoute, Lane>();
  const { tunnels } = parts;
  for (const route of routes) {
    if (route.destination.kind === 'upstream') lanes.set(route, createLane(route.destination.route, parts));
  }

  return {
    forward: (state, route, response, fail, proceed) => {
      const lane = lanes.get(route);
      if (lane === undefined) throw new TypeError(`there is no upstream behind "${route.name}"`);
      const request = requestOf(state);
      const { headers } = request;
      if (headers.contentLength !== undefined && headers.contentLength > lane.bodyBytes) throw tooLarge();
      const client = clientKeyOf(state);
      const target = lane.choice.first(client);
      if (headers.isWebSocket) {
        if (tunnels.open >= tunnels.most)
          throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'tunnel-limit' });
        tunnels.open++;
        response.once('close', () => tunnels.open--);
      }

      const context: ResponseContext = {
        requestId: state.requestId,
        publicOrigin: parts.publicOrigin,
        upstreamOrigins: lane.origins,
        strippedPrefix: lane.strippedPrefix,
        strictTransport: parts.strictTransport,
        carriedIdentity: state.token !== undefined,
        mayCarryIdentity: route.carriesIdentity,
      };
      const options: ForwardOptions = {
        servername: target.serverName,
        path: upstreamTarget(request.target, request.query, lane.strippedSegments),
        method: request.method,
        headers: writeUpstreamHeaders(state, route, parts),
        body: bodyOf(state, lane.bodyBytes),
        // A stream may begin late; the answer to a handshake does not.
        headersTimeout: headers.isWebSocket ? lane.headersTimeout || defaultTimeouts.headers : lane.headersTimeout,
        // Only the head of the answer says how long its body may be silent.
        bodyTimeout: 0,
        upgrade: headers.isWebSocket ? 'websocket' : null,
      };
      const handler = new TransferHandler(lane, target, client, options, state, response, context, fail);
      if (headers.isWebSocket || lane.isStreaming) handler.register();
      proceed();
      handler.send();
      return handler;
    },
  };
}

function createLane(route: Route, parts: ForwarderParts): Lane {
  const targets = parts.upstreams.targetsOf(route);
  const idle = route.timeouts?.idleMilliseconds;
  return {
    choice: createTargetChoice(targets),
    streams: parts.streams,
    idleAnswers: parts.idleAnswers,
    slowClients: parts.slowClients,
    measures: parts.measuresOf(route.name),
    origins: targets.map(({ origin }) => origin),
    isStreaming: route.streaming,
    strippedSegments: route.stripPrefix ? route.prefix.split('/').filter(Boolean).length : 0,
    strippedPrefix: route.stripPrefix && route.prefix !== '/' ? route.prefix : '',
    bodyBytes: route.limits?.bodyBytes ?? parts.bodyBytes,
    headersTimeout: route.timeouts?.headersMilliseconds ?? (route.streaming ? 0 : defaultTimeouts.headers),
    idleMilliseconds: idle ?? (route.streaming ? 0 : defaultTimeouts.idle),
    silenceMilliseconds: (route.streaming ? idle : undefined) ?? 0,
  };
}

/**
 * The body, counted as it passes. Never the request itself: undici destroys what it reads from when an upstream answers
 * early, and with it would go the connection on which the client waits for that answer.
 */
function bodyOf(state: RequestState, limit: number): Readable | null {
  if (!requestOf(state).headers.hasBody) return null;
  let total = 0;
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      total += chunk.length;
      if (total > limit) done(tooLarge());
      else done(null, chunk);
    },
  });
  // Undici hears of errors while it reads; what comes after that has no effect.
  counted.on('error', () => {});
  return state.message.pipe(counted);
}

function tooLarge(): SallyportError {
  return new SallyportError('SP_BODY_TOO_LARGE', { reason: 'body-limit' });
}
