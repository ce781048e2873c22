import type { IncomingMessage, ServerResponse } from 'node:http';
import { asSallyportError, SallyportError } from '@sallyport/core';
import { answerRedirect, answerRefusal, type AnswerParts, type AnswerRedirect } from '../response/answer.ts';
import { answerHealth } from '../response/local-endpoints.ts';
import { createNetworkCheck, plainAddress } from '../firewall/client-address.ts';
import { createRequestHandler, type HandleRequestParts } from '../pipeline/handle-request.ts';
import type { HandleRequest } from '../listeners/listener.ts';
import { createRequestState, requestOf } from '../pipeline/request-state.ts';
import { randomHex } from '../random-hex.ts';
import { servedByTheGateway } from './allowance.ts';
import { readOriginalRequest, type ProxyDialect } from './original-request.ts';

export interface ForwardAuthParts extends HandleRequestParts {
  /** Addresses and networks of the proxies that may send subrequests. */
  readonly proxies: readonly string[];
  readonly protocol: 'http' | 'https';
  /** For proxies that leave a header of the client in place unless the answer says otherwise. */
  readonly forwarderForEnvoy: HandleRequestParts['forwarder'];
}

/**
 * Builds the handler of auth subrequests (nginx `auth_request`, `auth-url` of ingress-nginx, Traefik
 * `ForwardAuth`, Caddy `forward_auth`, Envoy `ext_authz`). The original
 * request is rebuilt as if the client had sent it here, and passes the same stages, records and answers as all others.
 * Only declared proxies are answered.
 */
export function createForwardAuthHandler(parts: ForwardAuthParts): HandleRequest {
  const isProxy = createNetworkCheck(parts.proxies);
  const handlers: Record<ProxyDialect, HandleRequest> = {
    forwarded: createRequestHandler({ ...parts, answerRedirect: absoluteRedirect(parts.protocol) }),
    original: createRequestHandler({ ...parts, answerRedirect: redirectByHeader(parts.protocol) }),
    'original-url': createRequestHandler({ ...parts, answerRedirect: redirectByHeader(parts.protocol) }),
    path: createRequestHandler({
      ...parts,
      forwarder: parts.forwarderForEnvoy,
      answerRedirect: absoluteRedirect(parts.protocol),
    }),
  };

  return (subrequest, response) => {
    if (answerHealth(subrequest, response, parts)) return;
    try {
      if (!isProxy(plainAddress(subrequest.socket.remoteAddress))) {
        throw new SallyportError('SP_FORBIDDEN', { reason: 'not-a-declared-proxy' });
      }
      const { dialect, message } = readOriginalRequest(subrequest);
      if (message.url === '/healthz' || message.url === '/readyz') throw servedByTheGateway();
      // The proxy makes the tunnel; whether it may is decided here like for any other request.
      handlers[dialect](message, response, () => {}, true);
    } catch (error) {
      refuseSubrequest(error, subrequest, response, parts);
    }
  };
}

function refuseSubrequest(
  error: unknown,
  subrequest: IncomingMessage,
  response: ServerResponse,
  parts: ForwardAuthParts,
): void {
  const refusal = asSallyportError(error);
  const state = createRequestState(parts.listener, subrequest, randomHex(32), parts.clock(), false, false);
  const { requestId } = state;
  parts.logger.warn('an auth subrequest was refused', {
    event: 'auth-subrequest-refused',
    requestId,
    code: refusal.code,
    reason: refusal.reason,
  });
  answerRefusal(state, refusal, response, parts);
}

/** Traefik completes a relative address with that of our own listener. */
function absoluteRedirect(protocol: string): AnswerRedirect {
  return (state, decision, response, parts) =>
    answerRedirect(state, { ...decision, location: toAbsolute(decision.location, state, protocol) }, response, parts);
}

/** nginx accepts only 2xx, 401 and 403 as an answer, so a header tells it where to send the browser. */
function redirectByHeader(protocol: string): AnswerRedirect {
  return (state, decision, response, parts: AnswerParts) => {
    response.setHeader('x-sallyport-location', toAbsolute(decision.location, state, protocol));
    answerRefusal(state, new SallyportError('SP_UNAUTHENTICATED', { reason: decision.reason }), response, parts);
  };
}

function toAbsolute(location: string, state: Parameters<AnswerRedirect>[0], protocol: string): string {
  return location.startsWith('/') ? `${protocol}://${requestOf(state).host}${location}` : location;
}
