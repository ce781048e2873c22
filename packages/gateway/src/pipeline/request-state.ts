import type { IncomingMessage } from 'node:http';
import { anonymous, type Caller, type ClientCertificate, type SallyportError, type TraceSpan } from '@sallyport/core';
import type { CanonicalRequest } from '../firewall/canonical-request.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import type { CachedSession } from '../sessions/session-cache.ts';
import type { FeatureCredential } from '../credentials/feature-credential.ts';
import type { ReadCookies } from '../credentials/session-cookie-reader.ts';
import type { MintedToken } from '../credentials/token-mint.ts';
import type { WebhookHeaders } from '../webhooks/webhook-headers.ts';

/** The listener that a request came to. */
export type ListenerKind = 'public' | 'internal' | 'machine';

/** The state of one request on its way through the stages. Each stage fills in its part; later stages rely on earlier ones. */
export interface RequestState {
  readonly listener: ListenerKind;
  readonly message: IncomingMessage;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether the connection was handed over with the request, so that it can become a tunnel. */
  readonly isHandedOver: boolean;
  /** Whether the request was decided on before: then it counts against no limit again. */
  readonly isRepeated: boolean;
  /** Whether the session is read from the store, whatever is remembered of it. */
  readonly isFresh: boolean;
  /** Set by the firewall. */
  request: CanonicalRequest | undefined;
  clientAddress: string;
  /** The certificate of the client, verified; at the listener for machines alone, and there always. */
  certificate: ClientCertificate | undefined;
  /** Whether a declared proxy said that the client spoke plain http to it. */
  cameInClear: boolean;
  /** Set by the route stage. */
  route: ResolvedRoute | undefined;
  /** What a webhook says of itself, not verified. Set by the webhook stage. */
  delivery: WebhookHeaders | undefined;
  /** Set by the authenticate stage; of a webhook when its signature was verified. */
  caller: Caller;
  session: CachedSession | undefined;
  /** What the caller goes by in place of a session. */
  credential: FeatureCredential | undefined;
  /** Seconds since 1970 beyond which the token of the translate stage must not live. */
  notAfter: number | undefined;
  cookies: ReadCookies | undefined;
  sessionCache: 'hit' | 'miss' | undefined;
  /** Why a credential that was presented did not count. */
  reason: string | undefined;
  /** Where the page that sent a Server Action goes instead of its answer. Set by the authorize stage. */
  actionRedirect: string | undefined;
  /** Set by the translate stage. */
  token: MintedToken | undefined;
  tokenCache: 'hit' | 'miss' | undefined;
  /** The spans of the request and of its call upstream; only where there is a tracer. */
  span: TraceSpan | undefined;
  upstreamSpan: TraceSpan | undefined;
  /** The stage that was begun last; only when traces are kept. */
  stage: string | undefined;
  /** Only when traces are kept. */
  readonly timings: { readonly name: string; readonly microseconds: number }[] | undefined;
}

/** What the gateway does with a request. */
export type Decision =
  | { readonly kind: 'forward'; readonly route: ResolvedRoute }
  | { readonly kind: 'mount'; readonly route: ResolvedRoute }
  /** Answered by the gateway itself: the browser asks what a script of another site may send. */
  | { readonly kind: 'preflight'; readonly route: ResolvedRoute }
  | { readonly kind: 'redirect'; readonly status: 303 | 308; readonly location: string; readonly reason: string }
  | { readonly kind: 'refuse'; readonly error: SallyportError };

/** One step of a decision: nothing means "go on". Throws a `SallyportError` to refuse. */
export type Stage<Parts> = (state: RequestState, parts: Parts) => Decision | undefined | Promise<Decision | undefined>;

/** Builds the state of a request that has not been through any stage. */
export function createRequestState(
  listener: ListenerKind,
  message: IncomingMessage,
  requestId: string,
  at: number,
  isHandedOver: boolean,
  isTraced: boolean,
  { isRepeated = false, isFresh = false }: Partial<Pick<RequestState, 'isRepeated' | 'isFresh'>> = {},
): RequestState {
  return {
    listener,
    message,
    requestId,
    at,
    isHandedOver,
    isRepeated,
    isFresh,
    request: undefined,
    clientAddress: '',
    certificate: undefined,
    cameInClear: false,
    route: undefined,
    delivery: undefined,
    caller: anonymous,
    session: undefined,
    credential: undefined,
    notAfter: undefined,
    cookies: undefined,
    sessionCache: undefined,
    reason: undefined,
    actionRedirect: undefined,
    token: undefined,
    tokenCache: undefined,
    span: undefined,
    upstreamSpan: undefined,
    stage: undefined,
    timings: isTraced ? [] : undefined,
  };
}

/** The canonical request of a state that is past the firewall. */
export function requestOf(state: RequestState): CanonicalRequest {
  if (state.request === undefined) throw new TypeError('the request has not passed the firewall');
  return state.request;
}

/** The route of a state that is past the route stage. */
export function routeOf(state: RequestState): ResolvedRoute {
  if (state.route === undefined) throw new TypeError('the request has no route yet');
  return state.route;
}

const statesForMounts = new WeakMap<IncomingMessage, RequestState>();

/** Keeps the state of a request for the mount that answers it. */
export function keepStateForMount(state: RequestState): void {
  statesForMounts.set(state.message, state);
}

/** The state of a request that a mount of the gateway itself answers: what the stages settled, beyond its context. */
export function stateForMount(message: IncomingMessage): RequestState {
  const state = statesForMounts.get(message);
  if (state === undefined) throw new TypeError('the request was not handed to a mount');
  return state;
}
