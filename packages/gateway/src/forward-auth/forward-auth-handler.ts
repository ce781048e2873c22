import type { IncomingMessage, ServerResponse } from 'node:http';
import { SallyportError } from '@sallyport/core';
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
  /** Addresses and networks of the proxies that may ask. */
  readonly proxies: readonly string[];
  readonly protocol: 'http' | 'https';
}

/**
 * Builds the handler that answers proxies which ask whether to let a request through. The request is put together as if
 * the client had sent it here, and then takes the very way of all others: the same stages, records and answers. Only
 * declared proxies are listened to.
 */
export function createForwardAuthHandler(parts: ForwardAuthParts): HandleRequest {
  const isProxy = createNetworkCheck(parts.proxies);
  const handlers: Record<ProxyDialect, HandleRequest> = {
    forwarded: createRequestHandler({ ...parts, answerRedirect: absoluteRedirect(parts.protocol) }),
    original: createRequestHandler({ ...parts, answerRedirect: redirectInWords(parts.protocol) }),
  };

  return (question, response) => {
    if (answerHealth(question, response, parts)) return;
    try {
      if (!isProxy(plainAddress(question.socket.remoteAddress))) {
        throw new SallyportError('SP_FORBIDDEN', { reason: 'not-a-declared-proxy' });
      }
      const { dialect, message } = readOriginalRequest(question);
      if (message.url === '/healthz' || message.url === '/readyz') throw servedByTheGateway();
      // The connection is the proxy's to make a tunnel of; whether one may be there is decided all the same.
      handlers[dialect](message, response, () => {}, true);
    } catch (error) {
      refuseQuestion(error, question, response, parts);
    }
  };
}

function refuseQuestion(
  error: unknown,
  question: IncomingMessage,
  response: ServerResponse,
  parts: ForwardAuthParts,
): void {
  const refusal =
    error instanceof SallyportError ? error : new SallyportError('SP_INTERNAL', { cause: error, reason: 'unexpected' });
  const state = createRequestState(parts.listener, question, randomHex(32), parts.clock(), false, false);
  const { requestId } = state;
  parts.logger.warn('a question of a proxy was refused', { requestId, code: refusal.code, reason: refusal.reason });
  answerRefusal(state, refusal, response, parts);
}

/** Traefik would take a relative address for one on our own listener. */
function absoluteRedirect(protocol: string): AnswerRedirect {
  return (state, decision, response, parts) =>
    answerRedirect(state, { ...decision, location: toAbsolute(decision.location, state, protocol) }, response, parts);
}

/** nginx takes 2xx, 401 and 403 and nothing else for an answer, so it is told by a header where to send the person. */
function redirectInWords(protocol: string): AnswerRedirect {
  return (state, decision, response, parts: AnswerParts) => {
    response.setHeader('x-sallyport-location', toAbsolute(decision.location, state, protocol));
    answerRefusal(state, new SallyportError('SP_UNAUTHENTICATED', { reason: decision.reason }), response, parts);
  };
}

function toAbsolute(location: string, state: Parameters<AnswerRedirect>[0], protocol: string): string {
  return location.startsWith('/') ? `${protocol}://${requestOf(state).host}${location}` : location;
}
