import { SallyportError, type Route, type WebhookOptions } from '@sallyport/core';
import type { SlowClients } from '../limits/slow-clients.ts';
import { requestOf } from '../pipeline/request-state.ts';
import { staysOpen } from '../routing/accepted-by-route.ts';
import { toOriginSet } from '../routing/cross-origin.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import type { TokenShape } from '../routing/token-shape.ts';
import type { StreamRegister } from '../streams/stream-register.ts';
import { createTokenBinding, type TokenBindingParts } from './bind-token.ts';
import { createTargetChoice } from './choose-target.ts';
import { affinityKeyOf, clientKeyOf } from './client-key.ts';
import type { Forwarding, SendOn, Transfer } from './forwarding.ts';
import { readBody, tooLarge, type BodyBounds } from './held-body.ts';
import { HeldTransfer } from './held-transfer.ts';
import type { IdleAnswers } from './idle-answers.ts';
import { TransferHandler } from './transfer.ts';
import type { ForwardOptions, TransferParts } from './transfer-parts.ts';
import type { UpstreamMeasures } from './upstream-measures.ts';
import { stripPrefix } from '../routing/strip-prefix.ts';
import { writeUpstreamHeaders, type UpstreamRequestParts } from './upstream-request.ts';
import { defaultTimeouts, type UpstreamPlan } from './upstreams.ts';
import { WebhookTransfer, type WebhookParts } from './webhook-transfer.ts';

/** Sends requests on. */
export interface Forwarder {
  /**
   * Streams both ways. A request with a body takes a place at the upstream when the body is whole, or the held part of it
   * has arrived.
   */
  forward(forwarding: Forwarding, route: ResolvedRoute): Transfer;
}

export interface ForwarderParts extends UpstreamRequestParts {
  readonly publicOrigin: string;
  /** Whether an origin is one that the gateway serves. */
  readonly isServed: (origin: string) => boolean;
  readonly strictTransport: string | undefined;
  readonly bodyBytes: number;
  readonly tunnels: TunnelCap;
  readonly upstreams: UpstreamPlan;
  readonly streams: StreamRegister;
  readonly idleAnswers: IdleAnswers;
  readonly slowClients: Pick<SlowClients, 'spareDuring'>;
  readonly measuresOf: (route: string) => UpstreamMeasures;
  /** Absent where no route takes webhooks. */
  readonly webhooks: WebhookParts | undefined;
  readonly binding: TokenBindingParts;
}

/** WebSocket connections at the same time, and handshakes that may become one. */
export interface TunnelCap {
  readonly most: number;
  open: number;
}

/** The bodies of most requests are whole by then. A client that sends one slowly holds this, and no place at a service. */
const defaultHeldBytes = 16_384;

/** How a route is forwarded to, worked out once. */
interface Lane extends TransferParts {
  readonly isStreaming: boolean;
  readonly strippedSegments: number;
  readonly body: BodyBounds;
  readonly headersTimeout: number;
  readonly connectTimeout: number;
}

/**
 * Builds the forwarder. Redirects are never followed. A route with several targets sends each request to the one with
 * the fewest requests in flight.
 */
export function createForwarder(routes: readonly ResolvedRoute[], parts: ForwarderParts): Forwarder {
  const lanes = new Map<ResolvedRoute, Lane>();
  const { tunnels } = parts;
  for (const route of routes) {
    if (route.destination.kind === 'upstream')
      lanes.set(
        route,
        createLane(route, route.destination, parts, (...asked) => send(...asked)),
      );
  }

  const laneOf = (route: ResolvedRoute): Lane => {
    const lane = lanes.get(route);
    if (lane === undefined) throw new TypeError(`there is no upstream behind "${route.name}"`);
    return lane;
  };

  const send: SendOn = (forwarding, route, body) => {
    const { state, response } = forwarding;
    const lane = laneOf(route);
    const request = requestOf(state);
    const { isWebSocket } = request.headers;
    const client = clientKeyOf(state);
    const target = lane.choice.first(client, lane.hasAffinity ? affinityKeyOf(state) : undefined);
    if (isWebSocket) {
      if (tunnels.open >= tunnels.most) throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'tunnel-limit' });
      tunnels.open++;
      response.once('close', () => tunnels.open--);
    }
    // Nothing waits between this and the dispatch: the connection presents the certificate that the token is bound to.
    lane.binding?.renew(state);
    state.upstreamSpan = state.span?.startCall('upstream');
    const options: ForwardOptions = {
      servername: target.serverName,
      path: stripPrefix(request.target, request.query, lane.strippedSegments),
      method: request.method,
      headers: writeUpstreamHeaders(state, route, parts),
      body,
      // A stream may begin late; the answer to a handshake does not.
      headersTimeout: isWebSocket ? lane.headersTimeout || defaultTimeouts.headers : lane.headersTimeout,
      // Only the head of the answer says how long its body may be silent.
      bodyTimeout: 0,
      upgrade: isWebSocket ? 'websocket' : null,
    };
    const handler = new TransferHandler(lane, target, client, options, forwarding);
    if (isWebSocket || lane.isStreaming) handler.register();
    forwarding.proceed();
    handler.send();
    return handler;
  };

  /** Of a webhook everything is verified first, also where it has no body. */
  const receive = (forwarding: Forwarding, route: ResolvedRoute, webhook: WebhookOptions): Transfer => {
    const { state } = forwarding;
    const { delivery: headers } = state;
    if (headers === undefined || parts.webhooks === undefined)
      throw new TypeError(`a request to "${route.name}" was not read as a webhook`);
    if ((requestOf(state).headers.contentLength ?? 0) > webhook.bodyBytes) throw tooLarge();
    const lane = laneOf(route);
    lane.choice.requireOpen(clientKeyOf(state));
    const claimSeconds = Math.ceil((2 * (lane.headersTimeout + lane.connectTimeout)) / 1000) + 30;
    return new WebhookTransfer(forwarding, { route, webhook, headers, claimSeconds }, parts.webhooks, send);
  };

  return {
    forward: (forwarding, route) => {
      const { headers } = requestOf(forwarding.state);
      if (route.webhook !== undefined) return receive(forwarding, route, route.webhook);
      if (!headers.hasBody) return send(forwarding, route, null);
      const lane = laneOf(route);
      const { limit, heldBytes } = lane.body;
      if (headers.contentLength !== undefined && headers.contentLength > limit) throw tooLarge();
      if (heldBytes > 0) {
        // Before the client sends a body for nothing.
        lane.choice.requireOpen(clientKeyOf(forwarding.state));
        return new HeldTransfer(forwarding, route, lane.body, send);
      }
      return send(forwarding, route, readBody(forwarding.state.message, lane.body, ignore, ignore));
    },
  };
}

function createLane(
  resolved: ResolvedRoute,
  { route, shape }: { readonly route: Route; readonly shape: TokenShape },
  parts: ForwarderParts,
  sendOn: SendOn,
): Lane {
  const { crossOrigin, resource, carriesIdentity: mayCarryIdentity } = resolved;
  const isStreaming = staysOpen(route);
  const targets = parts.upstreams.targetsOf(route);
  const idle = route.timeouts?.idleMilliseconds;
  return {
    choice: createTargetChoice(targets),
    hasAffinity: route.affinity === 'session',
    binding: shape.isBound ? createTokenBinding(shape, parts.binding) : undefined,
    sendOn,
    streams: parts.streams,
    idleAnswers: parts.idleAnswers,
    slowClients: parts.slowClients,
    measures: parts.measuresOf(route.name),
    answers: {
      publicOrigin: parts.publicOrigin,
      isServed: parts.isServed,
      upstreamOrigins: targets.map(({ origin }) => origin),
      strippedPrefix: route.stripPrefix && route.prefix !== '/' ? route.prefix : '',
      locations: route.locations,
      cache: route.cache,
      strictTransport: parts.strictTransport,
      // Where the gateway speaks to other sites, the service does not.
      cors:
        route.csrf === 'off' ? 'all' : toOriginSet((crossOrigin === undefined ? route.cors?.origins : undefined) ?? []),
      crossOrigin,
      resource,
      mayCarryIdentity,
    },
    isStreaming,
    strippedSegments: route.stripPrefix ? route.prefix.split('/').filter(Boolean).length : 0,
    body: {
      limit: route.limits?.bodyBytes ?? parts.bodyBytes,
      heldBytes: route.limits?.bodyHeldBytes ?? (isStreaming ? 0 : defaultHeldBytes),
    },
    headersTimeout: route.timeouts?.headersMilliseconds ?? (isStreaming ? 0 : defaultTimeouts.headers),
    connectTimeout: route.timeouts?.connectMilliseconds ?? defaultTimeouts.connect,
    idleMilliseconds: idle ?? (isStreaming ? 0 : defaultTimeouts.idle),
    silenceMilliseconds: (isStreaming ? idle : undefined) ?? 0,
  };
}

function ignore(): void {}
