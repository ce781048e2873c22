import { SallyportError } from '@sallyport/core';
import { authenticate, type AuthenticateParts } from './stages/authenticate.ts';
import { authorize, type AuthorizeParts } from './stages/authorize.ts';
import { readCanonicalRequest, type FirewallLimits } from '../firewall/canonical-request.ts';
import type { ReadClientAddress } from '../firewall/client-address.ts';
import type { ReadForwardedScheme } from '../firewall/forwarded-scheme.ts';
import type { KnownHosts } from '../firewall/known-hosts.ts';
import type { ReadNextPage } from '../firewall/next-page.ts';
import { chooseStricter } from '../routing/page-route.ts';
import { limitByAddress, limitByCaller } from '../limits/request-limits.ts';
import { placeOf, requestOf, type Decision, type Passage, type Stage } from './request-state.ts';
import { protect, type ProtectParts } from './stages/protect.ts';
import { isNavigation } from './request-intent.ts';
import type { Place, RouteTable } from '../routing/route-table.ts';
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

/** What the door does with every request, in this order. No stage looks at what an earlier one did not settle. */
const stages: readonly { readonly name: string; readonly run: Stage<DecisionParts> }[] = [
  { name: 'firewall', run: passFirewall },
  { name: 'route', run: findPlace },
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
export function decide(passage: Passage, parts: DecisionParts): Decision | Promise<Decision> {
  return decideFrom(0, passage, parts);
}

function decideFrom(first: number, passage: Passage, parts: DecisionParts): Decision | Promise<Decision> {
  try {
    const run = passage.timings === undefined ? runStage : runTimedStage;
    for (let index = first; index < stages.length; index++) {
      const outcome = run(index, passage, parts);
      if (outcome === undefined) continue;
      if (!(outcome instanceof Promise)) return outcome;
      return outcome.then(
        (decision) => decision ?? decideFrom(index + 1, passage, parts),
        (error: unknown) => refuse(error),
      );
    }
    throw new TypeError('no stage decided');
  } catch (error) {
    return refuse(error);
  }
}

function runStage(index: number, passage: Passage, parts: DecisionParts): ReturnType<Stage<DecisionParts>> {
  return stageAt(index).run(passage, parts);
}

function runTimedStage(index: number, passage: Passage, parts: DecisionParts): ReturnType<Stage<DecisionParts>> {
  const { name } = stageAt(index);
  passage.stage = name;
  const begun = performance.now();
  const note = (): void => {
    passage.timings?.push({ name, microseconds: Math.round((performance.now() - begun) * 1000) });
  };
  const outcome = runStage(index, passage, parts);
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

function passFirewall(passage: Passage, parts: DecisionParts): Decision | undefined {
  const { message } = passage;
  const request = readCanonicalRequest(message, parts.hosts, parts.limits);
  passage.request = request;
  passage.clientAddress = parts.readClientAddress(message.socket, request.headers);
  if (parts.readForwardedScheme?.(message.socket, request.headers) !== 'http') return undefined;
  // The proxy took this in without TLS. A page is asked for again, with it; anything else has been seen on its way already.
  passage.cameInClear = true;
  if (!isNavigation(request)) throw new SallyportError('SP_HTTPS_REQUIRED', { reason: 'forwarded-http' });
  return {
    kind: 'redirect',
    status: 308,
    location: `https://${request.host}${request.target}`,
    reason: 'forwarded-http',
  };
}

function findPlace(passage: Passage, { table, readNextPage }: DecisionParts): undefined {
  const { host, method, path, query, hasPathParameters } = requestOf(passage);
  const place = table.find(host, method, path);
  if (place.prefix === '/' && operatorPaths.test(path))
    throw new SallyportError('SP_NOT_FOUND', { reason: 'operator-path' });
  if (hasPathParameters) requireOnePlace(place, table.findIfAny(host, method, path.replaceAll(/;[^/]*/g, '')));
  const page = readNextPage(path, query);
  passage.place = page === undefined ? place : chooseStricter(place, page, host, method, table);
}

/** A server that cuts parameters off and one that does not must agree on whose path this is, and its route must allow them. */
function requireOnePlace(place: Place, withoutParameters: Place | undefined): void {
  if (place.pathParameters && place === withoutParameters) return;
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'path-parameters' });
}

function translate(passage: Passage, { mint }: DecisionParts): Decision {
  const place = placeOf(passage);
  if (requestOf(passage).headers.isWebSocket) requireTunnel(passage, place);
  if (place.destination.kind === 'mount') return { kind: 'mount', place };
  if (passage.caller.kind !== 'anonymous') {
    const { token, isHit } = mint.mint(passage.caller, place.destination.shape);
    passage.token = token;
    passage.tokenCache = isHit ? 'hit' : 'miss';
  }
  return { kind: 'forward', place };
}

/** A WebSocket passes at the public listener, to an upstream: nothing of the door itself speaks it. */
function requireTunnel({ listener, isHandedOver }: Passage, { destination }: Place): void {
  const isPossible = listener === 'public' && isHandedOver && destination.kind === 'upstream';
  if (!isPossible) throw new SallyportError('SP_UPGRADE_UNSUPPORTED', { reason: 'tunnel-not-possible' });
}
