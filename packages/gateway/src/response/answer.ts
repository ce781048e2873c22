import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { problemMediaType, type SallyportError, toProblem } from '@sallyport/core';
import { endWithThisAnswer } from './last-answer.ts';
import { asksToClearCookies, clearCookies } from './clear-cookies.ts';
import { errorPageHeaders, type RenderErrorPage } from './error-page.ts';
import type { Decision, RequestState } from '../pipeline/request-state.ts';
import { challengeForToken, completeChallenge } from '../mcp/complete-challenge.ts';
import { wantsPage } from '../pipeline/request-intent.ts';
import { pushCrossOrigin } from '../routing/cross-origin.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import { pushSafetyHeaders } from './safety-headers.ts';

export interface AnswerParts {
  readonly publicOrigin: string;
  /** Value of `Strict-Transport-Security`; `undefined` sends none. */
  readonly strictTransport: string | undefined;
  readonly renderErrorPage: RenderErrorPage;
}

/** A body up to this size is read to its end and thrown away, so that the connection can be used again. */
const worthDraining = 1_048_576;

/** Answers with a problem, or with a page when a person is waiting for one. Never echoes anything of the request. */
export function answerRefusal(
  state: RequestState,
  error: SallyportError,
  response: ServerResponse,
  parts: AnswerParts,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { requestId, request } = state;
  const problem = toProblem(error, { requestId, documentationOrigin: parts.publicOrigin });
  const headers: OutgoingHttpHeaders = { ...problem.headers };
  addChallengeOfResource(headers, state, problem.status);
  addCommonHeaders(headers, state, parts);
  if (mustClose(state)) {
    headers['connection'] = 'close';
    endWithThisAnswer(state.message.socket);
  }
  if (error.code === 'SP_HEADERS_TOO_LARGE' && asksToClearCookies(state.message)) {
    clearCookies(response, headers);
    return;
  }
  // Next.js throws what else it is answered into the error boundary of the page.
  if (state.actionRedirect !== undefined) headers['x-action-redirect'] = `${state.actionRedirect};push`;
  // Whether it is refused may depend on who asks.
  const { crossOrigin } = state.route ?? {};
  if (request?.headers.origin !== undefined || crossOrigin !== undefined) headers['vary'] = 'Origin';
  if (crossOrigin !== undefined && state.listener === 'public') {
    // A script that may call is told what was wrong.
    const shared: string[] = [];
    pushCrossOrigin(shared, crossOrigin, request?.headers.origin);
    addHeaders(headers, shared);
  }

  // What the firewall refuses never became a canonical request; a person who mistyped an address still gets a page.
  const isPage = request === undefined ? isTypedByAPerson(state) : wantsPage(request);
  if (isPage) Object.assign(headers, errorPageHeaders(error.code));
  const body = isPage
    ? parts.renderErrorPage({ status: problem.status, code: error.code, requestId })
    : JSON.stringify(problem.body);
  headers['content-type'] = isPage ? 'text/html; charset=utf-8' : problemMediaType;
  headers['content-length'] = Buffer.byteLength(body);
  response.writeHead(problem.status, headers);
  // What was asked of us, which for a proxy that asks about a HEAD is a GET.
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** A client of a protected resource is told where its metadata is and, without a token, what to ask for. */
function addChallengeOfResource(headers: OutgoingHttpHeaders, { route }: RequestState, status: number): void {
  const resource = route?.resource;
  const challenge = headers['www-authenticate'];
  if (resource === undefined || typeof challenge !== 'string') return;
  headers['www-authenticate'] =
    status === 401 ? challengeForToken(challenge, resource) : completeChallenge(challenge, resource);
}

/** Answers a decision to redirect the client. */
export type AnswerRedirect = (
  state: RequestState,
  decision: Extract<Decision, { kind: 'redirect' }>,
  response: ServerResponse,
  parts: AnswerParts,
) => void;

/** Sends a browser elsewhere. No cache remembers it. */
export function answerRedirect(
  state: RequestState,
  { status, location }: Extract<Decision, { kind: 'redirect' }>,
  response: ServerResponse,
  parts: AnswerParts,
): void {
  const headers: OutgoingHttpHeaders = { location, 'cache-control': 'no-store', 'content-length': 0 };
  if (state.route?.crossOrigin !== undefined) headers['vary'] = 'Origin';
  addCommonHeaders(headers, state, parts);
  response.writeHead(status, headers);
  response.end();
}

/** Tells a browser what a script of a site that may use the route may send. The service hears nothing of it. */
export function answerPreflight(
  state: RequestState,
  { crossOrigin }: ResolvedRoute,
  response: ServerResponse,
  parts: AnswerParts,
): void {
  const headers: OutgoingHttpHeaders = {
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
  };
  addCommonHeaders(headers, state, parts);
  if (crossOrigin !== undefined) {
    const shared: string[] = [];
    pushCrossOrigin(shared, crossOrigin, state.request?.headers.origin);
    shared.push(
      'access-control-allow-methods',
      crossOrigin.methods,
      'access-control-allow-headers',
      crossOrigin.headers,
    );
    shared.push('access-control-max-age', crossOrigin.maxAge);
    addHeaders(headers, shared);
  }
  response.writeHead(204, headers);
  response.end();
}

function isTypedByAPerson({ message }: RequestState): boolean {
  return message.headers['sec-fetch-mode'] === 'navigate';
}

function addCommonHeaders(headers: OutgoingHttpHeaders, state: RequestState, { strictTransport }: AnswerParts): void {
  const list: string[] = ['x-request-id', state.requestId];
  // RFC 6797, section 7.2: never over a connection without TLS.
  pushSafetyHeaders(list, {}, state.cameInClear ? undefined : strictTransport, true);
  addHeaders(headers, list);
}

function addHeaders(headers: OutgoingHttpHeaders, list: readonly string[]): void {
  for (let index = 0; index < list.length; index += 2) headers[list[index] ?? ''] = list[index + 1];
}

/**
 * Where the firewall refused, it is uncertain where the next request begins. And a large body that will not be read, or
 * one that waits for our "100 Continue", is not worth the connection.
 */
function mustClose({ request, message }: RequestState): boolean {
  if (request === undefined) return true;
  const { hasBody, contentLength } = request.headers;
  if (!hasBody || message.complete) return false;
  if (message.headers.expect !== undefined) return true;
  return contentLength === undefined || contentLength > worthDraining;
}
