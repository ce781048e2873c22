import type { IncomingMessage, ServerResponse } from 'node:http';
import { asSallyportError, SallyportError, type Logger, type Tracer } from '@sallyport/core';
import {
  answerPreflight,
  answerRedirect,
  answerRefusal,
  type AnswerParts,
  type AnswerRedirect,
} from '../response/answer.ts';
import { staysOpen } from '../routing/accepted-by-route.ts';
import { pushCrossOrigin } from '../routing/cross-origin.ts';
import { decide, type DecisionParts } from './decide.ts';
import type { Forwarder } from '../forward/forward.ts';
import type { Forwarding, Transfer } from '../forward/forwarding.ts';
import type { HandleRequest } from '../listeners/listener.ts';
import { isResponseClosed } from '../response/last-answer.ts';
import { answerHealth } from '../response/local-endpoints.ts';
import type { SlowClients } from '../limits/slow-clients.ts';
import type { Mount } from '../routing/mount.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import {
  createRequestState,
  keepStateForMount,
  type Decision,
  type ListenerKind,
  type RequestState,
} from './request-state.ts';
import { randomHex } from '../random-hex.ts';
import type { GatewayMetrics } from '../record/gateway-metrics.ts';
import { drained, writeRecord, type RequestRecord } from '../record/record.ts';
import { endSpans } from '../record/trace-request.ts';
import type { GatewayTraces } from '../record/traces.ts';
import { pushSafetyHeaders } from '../response/safety-headers.ts';

export interface HandleRequestParts extends AnswerParts {
  readonly listener: ListenerKind;
  readonly decision: DecisionParts;
  readonly forwarder: Pick<Forwarder, 'forward'>;
  /** How a caller is redirected; absent means by `Location`. */
  readonly answerRedirect?: AnswerRedirect;
  readonly slowClients: SlowClients;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly accessLog: boolean;
  readonly traces: GatewayTraces | undefined;
  readonly metrics: GatewayMetrics | undefined;
  readonly tracer: Tracer | undefined;
  readonly onRefusal: ((record: RequestRecord, clientAddress: string) => void) | undefined;
  /** What runs under these parts, so that they can be released once they are replaced. */
  readonly inFlight: InFlight;
  readonly isReady: () => boolean;
  readonly readinessWarnings: () => readonly string[];
  readonly isDraining: () => boolean;
}

/** The requests in flight under one routing snapshot. */
export interface InFlight {
  count: number;
  /** Called when the last one is over; set once nothing new begins. */
  onIdle: (() => void) | undefined;
}

/** One request with its answer, and what became of it, for its record. */
class Exchange implements Forwarding {
  state: RequestState;
  readonly response: ServerResponse;
  readonly proceed: () => void;
  readonly #parts: HandleRequestParts;
  decision: Decision | undefined;
  error: SallyportError | undefined;
  /** What a mount refused by itself. */
  mountRefusal: { readonly code: string; readonly reason: string | undefined } | undefined;
  transfer: Transfer | undefined;

  constructor(state: RequestState, response: ServerResponse, proceed: () => void, parts: HandleRequestParts) {
    this.state = state;
    this.response = response;
    this.proceed = proceed;
    this.#parts = parts;
  }

  fail(error: SallyportError): void {
    refuse(this, error, this.#parts);
  }

  async decideAgain(isFresh: boolean): Promise<ResolvedRoute | undefined> {
    const { listener, message, requestId, isHandedOver, span, timings } = this.state;
    const again = { isRepeated: true, isFresh };
    const at = this.#parts.clock();
    const state = createRequestState(listener, message, requestId, at, isHandedOver, timings !== undefined, again);
    state.span = span;
    state.upstreamSpan = this.state.upstreamSpan;
    const decision = await decide(state, this.#parts.decision);
    this.state = state;
    if (this.response.destroyed || this.response.headersSent) return undefined;
    if (decision.kind === 'forward') {
      this.decision = decision;
      return decision.route;
    }
    carryOut(this, decision, this.#parts);
    return undefined;
  }
}

/** Builds the handler of a listener: decide, carry out, record. */
export function createRequestHandler(parts: HandleRequestParts): HandleRequest {
  const { decision: decisionParts, clock, traces, metrics, tracer, inFlight } = parts;
  const isRecorded = parts.accessLog || traces !== undefined || metrics !== undefined || tracer !== undefined;

  return (message, response, proceed, isHandedOver) => {
    if (isResponseClosed(response, message.socket)) return;
    if (parts.isDraining()) response.shouldKeepAlive = false;
    if (answerHealth(message, response, parts)) return;
    const begun = isRecorded || parts.onRefusal !== undefined ? performance.now() : 0;
    metrics?.begin();
    inFlight.count++;
    const requestId = randomHex(32);
    const span = tracer?.startRequest({ traceparent: traceparentOf(message), traceId: requestId });
    const isTraced = traces !== undefined || span?.isSampled === true;
    const state = createRequestState(parts.listener, message, requestId, clock(), isHandedOver, isTraced);
    state.span = span;
    const exchange = new Exchange(state, response, proceed, parts);
    response.on('close', () => {
      if (!response.writableFinished) exchange.transfer?.abort();
      // Answered before the body was read: what is left of it stands in front of the next request.
      if (!message.complete) message.unpipe().resume();
      if (isRecorded || (parts.onRefusal !== undefined && isRefused(exchange)))
        record(exchange, performance.now() - begun, parts);
      if (--inFlight.count === 0) inFlight.onIdle?.();
    });

    const decided = decide(state, decisionParts);
    if (decided instanceof Promise) {
      void decided.then((decision) => carryOut(exchange, decision, parts));
    } else carryOut(exchange, decided, parts);
  };
}

/** Two `traceparent` headers are none: which one is meant is unknown. */
function traceparentOf({ headers }: IncomingMessage): string | undefined {
  return typeof headers['traceparent'] === 'string' ? headers['traceparent'] : undefined;
}

function carryOut(exchange: Exchange, decision: Decision, parts: HandleRequestParts): void {
  const { state, response } = exchange;
  exchange.decision = decision;
  // The client may have left while a session was read.
  if (response.destroyed) return;
  if (decision.kind === 'forward' || decision.kind === 'mount') enforceUploadRate(exchange, decision.route, parts);
  try {
    switch (decision.kind) {
      case 'refuse':
        return refuse(exchange, decision.error, parts);
      case 'redirect':
        return (parts.answerRedirect ?? answerRedirect)(state, decision, response, parts);
      case 'preflight':
        return answerPreflight(state, decision.route, response, parts);
      case 'mount':
        if ((state.request?.headers.contentLength ?? 0) > (bodyBytesOf(decision.route) ?? Infinity)) {
          return refuse(exchange, new SallyportError('SP_BODY_TOO_LARGE', { reason: 'body-limit' }), parts);
        }
        exchange.proceed();
        return runMount(exchange, decision.route, parts);
      case 'forward':
        exchange.transfer = parts.forwarder.forward(exchange, decision.route);
    }
  } catch (error) {
    refuse(exchange, asSallyportError(error), parts);
  }
}

function refuse(exchange: Exchange, error: SallyportError, parts: HandleRequestParts): void {
  const { state, response } = exchange;
  // Cut by a drain: the connections to upstreams go right after those to clients.
  if (parts.isDraining() && state.message.socket.destroyed) return;
  exchange.error = error;
  explainFailure(error, state, parts.logger);
  answerRefusal(state, error, response, parts);
}

function bodyBytesOf({ destination }: ResolvedRoute): number | undefined {
  return destination.kind === 'mount' ? destination.mount.bodyBytes : undefined;
}

/**
 * Enforces the minimum upload rate: a client below it gets 408 and is disconnected. Nothing that a request says exempts
 * it. Where answers may stay open, their readers may take their time.
 */
function enforceUploadRate(exchange: Exchange, { destination }: ResolvedRoute, parts: HandleRequestParts): void {
  const { response } = exchange;
  const { message, request } = exchange.state;
  if (destination.kind === 'upstream' && staysOpen(destination.route))
    parts.slowClients.spareDuring(response, message.socket);
  if (request?.headers.hasBody !== true || message.complete) return;
  parts.slowClients.watchUpload(message, () => {
    exchange.transfer?.abort();
    // A mount is still reading, and would answer into what we said.
    if (destination.kind === 'mount' || response.headersSent) {
      message.socket.destroy();
      return;
    }
    response.shouldKeepAlive = false;
    refuse(exchange, new SallyportError('SP_REQUEST_TIMEOUT', { reason: 'body-too-slow' }), parts);
    response.once('finish', () => message.socket.destroy());
  });
}

function runMount(exchange: Exchange, route: ResolvedRoute, parts: HandleRequestParts): void {
  const { state, response } = exchange;
  if (route.destination.kind !== 'mount') throw new TypeError(`"${route.name}" is not a mount`);
  // A mount names people, and its addresses may hold secrets. Its pages may choose another policy.
  const headers: string[] = ['x-request-id', state.requestId, 'referrer-policy', 'no-referrer'];
  pushSafetyHeaders(headers, { 'referrer-policy': 'no-referrer' }, parts.strictTransport, true);
  if (route.crossOrigin !== undefined && state.listener === 'public') {
    headers.push('vary', 'Origin');
    pushCrossOrigin(headers, route.crossOrigin, state.request?.headers.origin);
  }
  for (let index = 0; index < headers.length; index += 2) {
    response.setHeader(headers[index] ?? '', headers[index + 1] ?? '');
  }
  const { requestId, clientAddress, caller, notAfter, certificate } = state;
  const noteRefusal = (code: string, reason: string | undefined): void => {
    exchange.mountRefusal = { code, reason };
  };
  const context = { requestId, clientAddress, caller, notAfter, certificate, noteRefusal };
  keepStateForMount(state);
  const handled = startMount(route.destination.mount, state.message, response, context);
  handled.catch((error: unknown) => refuse(exchange, asSallyportError(error), parts));
}

async function startMount(
  mount: Mount,
  message: IncomingMessage,
  response: ServerResponse,
  context: Parameters<Mount['handle']>[2],
): Promise<void> {
  await mount.handle(message, response, context);
}

/** What the caller is not told: why something of ours failed. */
function explainFailure(error: SallyportError, state: RequestState, logger: Logger): void {
  if (error.status < 500 || error.cause === undefined) return;
  const cause = error.cause instanceof Error ? `${error.cause.name}: ${error.cause.message}` : 'unknown';
  const { requestId, route } = state;
  logger.error('a request failed', {
    event: 'request-failed',
    requestId,
    code: error.code,
    route: route?.name,
    reason: error.reason,
    cause,
  });
}

function isRefused({ error, decision }: Exchange): boolean {
  return error !== undefined || decision === undefined || decision.kind === 'refuse';
}

function record(exchange: Exchange, durationMilliseconds: number, parts: HandleRequestParts): void {
  const { state, transfer } = exchange;
  const line = toRecord(exchange, durationMilliseconds, parts.isDraining());
  if (parts.accessLog) writeRecord(parts.logger, line);
  parts.metrics?.end(line);
  if (state.span !== undefined) endSpans(state, line, transfer?.upstreamMilliseconds);
  if (line.decision === 'refuse') parts.onRefusal?.(line, state.clientAddress);
  if (parts.traces !== undefined && line.sid !== undefined && state.request !== undefined) {
    parts.traces.record(line.sid, {
      requestId: line.requestId,
      at: new Date(state.at),
      method: line.method,
      route: line.route,
      path: state.request.rawPath,
      isPrefetch: state.request.headers.isPrefetch,
      status: line.status,
      stages: state.timings ?? [],
      sessionCache: state.sessionCache ?? 'miss',
      tokenCache: state.tokenCache ?? 'none',
      signatures: state.tokenCache === 'miss' ? 1 : 0,
      ...(state.token === undefined ? {} : { claims: state.token.claims }),
      decision: line.decision,
      ...(line.reason === undefined ? {} : { reason: line.reason }),
      ...(transfer?.upstreamMilliseconds === undefined
        ? {}
        : { upstreamMilliseconds: toHundredths(transfer.upstreamMilliseconds) }),
      totalMilliseconds: line.durationMilliseconds,
    });
  }
}

function toRecord(
  { state, response, decision, error, mountRefusal }: Exchange,
  durationMilliseconds: number,
  isDraining: boolean,
): RequestRecord {
  const { caller } = state;
  const isKnown = caller.kind !== 'anonymous';
  return {
    event: 'request',
    requestId: state.requestId,
    listener: state.listener,
    method: state.request?.method ?? '-',
    route: state.route?.name ?? '-',
    status: response.headersSent ? response.statusCode : 499,
    durationMilliseconds: toHundredths(durationMilliseconds),
    callerKind: caller.kind,
    subject: isKnown ? caller.id : undefined,
    sid: isKnown ? caller.sid : undefined,
    actor: isKnown ? caller.actor?.id : undefined,
    decision: error === undefined ? (decision?.kind ?? 'refuse') : 'refuse',
    code: error?.code ?? mountRefusal?.code,
    reason:
      error?.reason ??
      mountRefusal?.reason ??
      (decision?.kind === 'redirect' ? decision.reason : state.reason) ??
      (isDraining && !response.writableFinished ? drained : undefined),
    sessionCache: state.sessionCache,
    tokenCache: state.tokenCache,
    isAborted: response.writableFinished ? undefined : true,
  };
}

function toHundredths(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
