import { SallyportError } from '@sallyport/core';
import { authenticate, type AuthenticateParts } from './stages/authenticate.ts';
import { authorize, type AuthorizeParts } from './stages/authorize.ts';
import { readCanonicalRequest, type FirewallLimits } from '../firewall/canonical-request.ts';
import type { ReadClientAddress } from '../firewall/client-address.ts';
import type { ReadForwardedScheme } from '../firewall/forwarded-scheme.ts';
import type { KnownHosts } from '../firewall/known-hosts.ts';
import type { ReadNextPage } from '../firewall/next-page.ts';
import { chooseStricter } from '../routing/choose-stricter.ts';
import { limitByAddress, limitByCaller } from '../limits/request-limits.ts';
import { routeOf, requestOf, type Decision, type RequestState, type Stage } from './request-state.ts';
import { protect, type ProtectParts } from './stages/protect.ts';
import { isNavigation } from './request-intent.ts';
import type { ResolvedRoute, RouteTable } from '../routing/route-table.ts';
import type { TokenMint } from '../credentials/token-mint.ts';

/** What the stages need of the world. One set for the public listener, one for the internal one. */
export interface DecisionParts extends AuthenticateParts, ProtectParts, AuthorizeParts {
  readonly hosts: KnownHosts;
  readonly limits: FirewallLimits;
  readonly readClientAddress: ReadClientAddress;
  /** How the client spoke to a proxy in front; absent where plain http is what is served. */
  readonly readForwardedScheme: ReadForwardedScheme | undefined;
  readonly table: RouteTable;
  readonly readNextPage: ReadNextPage;
  readonly mint: TokenMint;
}

/**
 * What tools of operators call their pages, in whatever case an upstream takes them. A route for everything does not
 * publish them; one that names them does.
 */
const operatorPaths = /^\/(?:metrics|debug|diagnostics|actuator|server-status)(?:[/.]|$)/i;

/** What the gateway does with every request, in this order. No stage looks at what an earlier one did not settle. */
const stages: readonly { readonly name: string; readonly run: Stage<DecisionParts> }[] = [
  { name: 'firewall', run: passFirewall },
  { name: 'route', run: findRoute },
  { name: 'limit-address', run: limitByAddress },
  { name: 'authenticate', run: authenticate },
  { name: 'limit-caller', run: limitByCaller },
  { name: 'protect', run: protect },
  { name: 'authorize', run: authorize },
  { name: 'translate', run: translate },
];

/** The names of the stages, in their order. */
export const stageNames: readonly string[] = stages.map(({ name }) => name);

/**
 * Decides what becomes of a request. Waits only when a session must be read; then the answer is a promise.
 * Never throws: whatever goes wrong in a stage is a refusal.
 */
export function decide(state: RequestState, parts: DecisionParts): Decision | Promise<Decision> {
  return decideFrom(0, state, parts);
}

function decideFrom(first: number, state: RequestState, parts: DecisionParts): Decision | Promise<Decision> {
  try {
    const run = state.timings === undefined ? runStage : runTimedStage;
    for (let index = first; index < stages.length; index++) {
      const outcome = run(index, state, parts);
      if (outcome === undefined) continue;
      if (!(outcome instanceof Promise)) return outcome;
      return outcome.then(
        (decision) => decision ?? decideFrom(index + 1, state, parts),
        (error: unknown) => refuse(error),
      );
    }
    throw new TypeError('no stage decided');
  } catch (error) {
    return refuse(error);
  }
}

function runStage(index: number, state: RequestState, parts: DecisionParts): ReturnType<Stage<DecisionParts>> {
  return stageAt(index).run(state, parts);
}

function runTimedStage(index: number, state: RequestState, parts: DecisionParts): ReturnType<Stage<DecisionParts>> {
  const { name } = stageAt(index);
  state.stage = name;
  const begun = performance.now();
  const note = (): void => {
    state.timings?.push({ name, microseconds: Math.round((performance.now() - begun) * 1000) });
  };
  const outcome = runStage(index, state, parts);
  if (outcome instanceof Promise) return outcome.finally(note);
  note();
  return outcome;
}

function stageAt(index: number): (typeof stages)[number] {
  const stage = stages[index];
  if (stage === undefined) throw new TypeError('there is no such stage');
  return stage;
}

function refuse(error: unknown): Decision {
  return {
    kind: 'refuse',
    error:
      error instanceof SallyportError
        ? error
        : new SallyportError('SP_INTERNAL', { cause: error, reason: 'unexpected' }),
  };
}

function passFirewall(state: RequestState, parts: DecisionParts): Decision | undefined {
  const { message } = state;
  const request = readCanonicalRequest(message, parts.hosts, parts.limits);
  state.request = request;
  state.clientAddress = parts.readClientAddress(message.socket, request.headers);
  if (parts.readForwardedScheme?.(message.socket, request.headers) !== 'http') return undefined;
  // The proxy took this in without TLS. A page is asked for again, with it; anything else has been seen on its way already.
  state.cameInClear = true;
  if (!isNavigation(request)) throw new SallyportError('SP_HTTPS_REQUIRED', { reason: 'forwarded-http' });
  return {
    kind: 'redirect',
    status: 308,
    location: `https://${request.host}${request.target}`,
    reason: 'forwarded-http',
  };
}

function findRoute(state: RequestState, { table, readNextPage }: DecisionParts): undefined {
  const { host, method, path, query, hasPathParameters } = requestOf(state);
  const route = table.find(host, method, path);
  if (route.prefix === '/' && operatorPaths.test(path))
    throw new SallyportError('SP_NOT_FOUND', { reason: 'operator-path' });
  if (hasPathParameters) requireSameRoute(route, table.findIfAny(host, method, path.replaceAll(/;[^/]*/g, '')));
  const page = readNextPage(path, query);
  state.route = page === undefined ? route : chooseStricter(route, page, host, method, table);
}

/** A server that cuts parameters off and one that does not must agree on whose path this is, and its route must allow them. */
function requireSameRoute(route: ResolvedRoute, withoutParameters: ResolvedRoute | undefined): void {
  if (route.pathParameters && route === withoutParameters) return;
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'path-parameters' });
}

function translate(state: RequestState, { mint }: DecisionParts): Decision {
  const route = routeOf(state);
  if (requestOf(state).headers.isWebSocket) requireTunnel(state, route);
  if (route.destination.kind === 'mount') return { kind: 'mount', route };
  if (state.caller.kind !== 'anonymous') {
    const { token, isHit } = mint.mint(state.caller, route.destination.shape);
    state.token = token;
    state.tokenCache = isHit ? 'hit' : 'miss';
  }
  return { kind: 'forward', route };
}

/** A WebSocket passes at the public listener, to an upstream: nothing of the gateway itself speaks it. */
function requireTunnel({ listener, isHandedOver }: RequestState, { destination }: ResolvedRoute): void {
  const isPossible = listener === 'public' && isHandedOver && destination.kind === 'upstream';
  if (!isPossible) throw new SallyportError('SP_UPGRADE_UNSUPPORTED', { reason: 'tunnel-not-possible' });
}
