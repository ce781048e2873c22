import {
  certificateNameOf,
  checkRequirement,
  errorCatalog,
  networkOf,
  SallyportError,
  type Caller,
  type Principal,
} from '@sallyport/core';
import { toExchangedCaller } from '../credentials/exchanged-caller.ts';
import type { RequestAuthenticationOutcome, RequestAuthenticator } from '../credentials/request-authenticator.ts';
import type { SessionCache } from '../sessions/session-cache.ts';
import { decide, stageNames, type DecisionParts } from '../pipeline/decide.ts';
import { stripPrefix } from '../routing/strip-prefix.ts';
import type { RequestLimiter } from '../limits/request-limiter.ts';
import {
  createRequestState,
  routeOf,
  type Decision,
  type ListenerKind,
  type RequestState,
} from '../pipeline/request-state.ts';
import { subjectOf } from '../pipeline/stages/limit-caller.ts';
import { findSource, isForeignRead } from '../pipeline/request-source.ts';
import { randomHex } from '../random-hex.ts';
import { isSafe } from '../pipeline/request-intent.ts';
import { staysOpen } from '../routing/accepted-by-route.ts';
import { routeOptionsOf } from '../routing/route-options.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import { presentedBy } from './presented-by.ts';
import { explainRoutes } from './explain-route.ts';
import type { ExplainedFact, ExplainedStage, Explanation, ExplainQuestion } from './explanation.ts';
import { createSyntheticMessage } from './synthetic-message.ts';

export interface ExplainParts {
  readonly listener: ListenerKind;
  /** Those of the listener; nothing in them may keep a session alive, or count a request. */
  readonly decision: DecisionParts;
  readonly cache: SessionCache;
  readonly clock: () => number;
  /** Host of the listener, for questions that name none. */
  readonly defaultHost: string;
  /** Who may call at the internal listener. */
  readonly audiences: ReadonlySet<string>;
}

/**
 * Decides on a synthetic request, by the same stages as every other, and says what each of them went by.
 * Nothing is forwarded, nothing is written, and a token that is signed on the way is thrown away.
 */
export async function explainDecision(question: ExplainQuestion, parts: ExplainParts): Promise<Explanation> {
  const message = createSyntheticMessage(question, parts.defaultHost);
  const { sid } = question;
  const decisionParts =
    sid === undefined
      ? parts.decision
      : {
          ...parts.decision,
          authenticators: [createSidAuthenticator(parts, sid, question.from), ...parts.decision.authenticators],
        };
  const state = createRequestState(parts.listener, message, randomHex(32), parts.clock(), true, true);
  const decision = await decide(state, decisionParts);
  message.socket.destroy();
  return toExplanation(state, decision, decisionParts, sid);
}

/** As if the cookie of that session had come or, at the internal listener, the token that a zone got for it. */
function createSidAuthenticator(
  { listener, cache, audiences, decision }: ExplainParts,
  sid: string,
  from: string | undefined,
): RequestAuthenticator {
  const isInternal = listener === 'internal';
  return {
    authenticate: async (state) => {
      if (isInternal && (from === undefined || !audiences.has(from))) return refusedToken('audience-unknown');
      const { session, isHit } = await cache.findBySid(sid, routeOf(state).fresh);
      if (session === null)
        return isInternal ? refusedToken('session-ended') : { kind: 'unusable', reason: 'session-ended' };
      const { principal } = session;
      const caller =
        from === undefined || !isInternal
          ? principal
          : toExchangedCaller(principal, presentedBy(from, principal, decision.table.routes));
      return { kind: 'authenticated', caller, session, credential: undefined, isHit };
    },
  };
}

function refusedToken(reason: string): RequestAuthenticationOutcome {
  return { kind: 'rejected', error: new SallyportError('SP_TOKEN_INVALID', { reason }) };
}

function toExplanation(
  state: RequestState,
  decision: Decision,
  parts: DecisionParts,
  sid: string | undefined,
): Explanation {
  const reached = state.stage ?? stageNames[0] ?? '';
  const reachedIndex = stageNames.indexOf(reached);
  const outcome = decision.kind === 'refuse' ? 'refused' : 'decided';
  const stages = stageNames.map((stage, index): ExplainedStage => {
    if (index > reachedIndex) return { stage, outcome: 'not reached', facts: [] };
    return {
      stage,
      outcome: index === reachedIndex ? outcome : 'passed',
      facts: factsOf(stage, state, parts, sid),
    };
  });
  const forwarding = decision.kind === 'forward' ? [forwardStage(state)] : [];
  return { ...verdictOf(decision), stages: [...stages, ...forwarding] };
}

function verdictOf(decision: Decision): Omit<Explanation, 'stages'> {
  if (decision.kind === 'redirect') {
    const { kind, status, reason } = decision;
    return { decision: kind, status, reason };
  }
  if (decision.kind !== 'refuse') return { decision: decision.kind };
  const { code, status, reason } = decision.error;
  const { hint } = errorCatalog[code];
  return { decision: 'refuse', status, code, ...(reason === undefined ? {} : { reason }), hint };
}

function factsOf(
  stage: string,
  state: RequestState,
  parts: DecisionParts,
  sid: string | undefined,
): readonly ExplainedFact[] {
  const { request } = state;
  if (request === undefined) return [];
  if (stage === 'firewall') {
    return [
      { name: 'canonical request', value: `${request.method} ${request.host}${request.path}` },
      ...(request.query === '' ? [] : [{ name: 'query', value: `${request.query.length - 1} characters, not shown` }]),
      { name: 'client address', value: state.clientAddress },
      ...(state.certificate === undefined
        ? []
        : [{ name: 'certificate', value: `${certificateNameOf(state.certificate)}, as if it were verified` }]),
    ];
  }
  if (stage === 'route') return explainRoutes(parts.table.routes, request, state.route);
  const { route } = state;
  if (route === undefined) return [];
  if (stage === 'limit-address') return addressLimitFacts(state, route);
  if (stage === 'cross-origin') return crossOriginFacts(route);
  if (stage === 'webhook') return webhookFacts(route);
  if (stage === 'limit-caller') return callerLimitFacts(state, route);
  if (stage === 'authenticate') return callerFacts(state, route, sid);
  if (stage === 'protect') return sourceFacts(state, route, parts);
  if (stage === 'authorize') return accessFacts(state, route);
  return stage === 'translate' ? tokenFacts(state, route) : [];
}

function addressLimitFacts(
  { listener, clientAddress, at }: RequestState,
  { limits }: ResolvedRoute,
): readonly ExplainedFact[] {
  if (listener === 'internal') return [{ name: 'limits', value: 'none: the internal listener counts nothing' }];
  const byAddress = limits?.byAddress ?? [];
  if (byAddress.length === 0) return [{ name: 'limits', value: 'none by address' }];
  const network = networkOf(clientAddress);
  return byAddress.map((limiter) => limitFact('address', limiter, network, at));
}

function callerLimitFacts(state: RequestState, { limits }: ResolvedRoute): readonly ExplainedFact[] {
  if (state.listener === 'internal') return [{ name: 'limits', value: 'none: the internal listener counts nothing' }];
  const byCaller = limits?.byCaller ?? [];
  if (byCaller.length === 0) return [{ name: 'limits', value: 'none by session, account or key' }];
  return byCaller.map(({ per, limiter }) => limitFact(per, limiter, subjectOf(state, per), state.at));
}

/** A limit, the subject that it counts, and what is left for it. */
function limitFact(per: string, limiter: RequestLimiter, subject: string | undefined, at: number): ExplainedFact {
  const { limit } = limiter;
  const name = `limit per ${per}`;
  const rule = `${limit.name}, ${limit.max} in ${limit.seconds} s`;
  if (subject === undefined) return { name, value: `${rule}: not counted for this caller` };
  const { left, retryAfterSeconds } = limiter.look(subject, at);
  const standing = left > 0 ? `${left} left` : `used up, one more in ${retryAfterSeconds} s`;
  return { name, value: `${rule}: ${standing} for ${subject}` };
}

function crossOriginFacts({ crossOrigin }: ResolvedRoute): readonly ExplainedFact[] {
  if (crossOrigin === undefined) return [];
  const { origins, methods, headers } = crossOrigin;
  return [
    { name: 'scripts of other sites', value: origins === 'all' ? 'of all of them' : [...origins].join(', ') },
    { name: 'may send', value: `${methods} with ${headers}` },
  ];
}

function webhookFacts({ webhook, destination }: ResolvedRoute): readonly ExplainedFact[] {
  if (webhook === undefined || destination.kind !== 'upstream') return [];
  const described = routeOptionsOf(destination.route).filter(({ name }) => name === 'webhook');
  return [
    ...described,
    { name: 'signature', value: 'verified when the body is there, which this question does not have' },
    { name: 'caller', value: `service webhook:${destination.route.name}, once the signature holds` },
  ];
}

function callerFacts(state: RequestState, route: ResolvedRoute, sid: string | undefined): readonly ExplainedFact[] {
  if (route.webhook !== undefined) return [{ name: 'caller', value: 'the sender of the webhook, and no other' }];
  if (!route.carriesIdentity) return [{ name: 'caller', value: 'not looked at: this route never carries identity' }];
  const { caller, reason, sessionCache, credential } = state;
  const { cookie, authorization, credentialHeader } = state.request?.headers ?? {};
  const presented = [
    ...(sid === undefined ? [] : ['session by its handle']),
    ...(cookie === undefined ? [] : ['cookies']),
    ...(authorization === undefined ? [] : ['Authorization']),
    ...(credentialHeader === undefined ? [] : [credentialHeader.header]),
    ...(state.certificate === undefined ? [] : ['certificate']),
  ];
  return [
    { name: 'presented', value: presented.join(', ') || 'nothing' },
    { name: 'caller', value: describeCaller(caller) },
    ...(reason === undefined ? [] : [{ name: 'credential', value: `does not count: ${reason}` }]),
    ...(credential === undefined
      ? []
      : [{ name: 'credential', value: `${credential.kind} ${credential.caller.credentialId}` }]),
    ...(caller.kind === 'anonymous' ? [] : principalFacts(caller)),
    ...(sessionCache === undefined ? [] : [{ name: 'session cache', value: sessionCache }]),
  ];
}

function describeCaller(caller: Caller): string {
  return caller.kind === 'anonymous' ? 'anonymous' : `${caller.kind} ${caller.id}`;
}

function principalFacts({
  sid,
  roles,
  org,
  orgRoles = [],
  acr,
  authTime,
  generation,
  actor,
}: Principal): readonly ExplainedFact[] {
  return [
    ...(sid === undefined ? [] : [{ name: 'session', value: sid }]),
    { name: 'roles', value: roles.join(', ') || 'none' },
    ...(org === undefined ? [] : [{ name: 'organization', value: `${org}, as ${orgRoles.join(', ') || 'no role'}` }]),
    { name: 'assurance', value: `${acr}, signed in ${authTime.toISOString()}` },
    {
      name: 'generation',
      value: `session ${generation.session}, user ${generation.user}, policy ${generation.policy}`,
    },
    ...(actor === undefined ? [] : [{ name: 'actor', value: actor.id }]),
  ];
}

function sourceFacts(
  state: RequestState,
  route: ResolvedRoute,
  { publicOrigins }: DecisionParts,
): readonly ExplainedFact[] {
  const { request } = state;
  if (request === undefined) return [];
  if (state.listener === 'internal') return [{ name: 'cross-site check', value: 'not for the internal listener' }];
  if (state.listener === 'machine') return [{ name: 'cross-site check', value: 'whatever a browser marks is refused' }];
  if (!route.carriesIdentity) return [{ name: 'cross-site check', value: 'not needed: no identity is carried' }];
  if (isSafe(request)) {
    const isForeign = isForeignRead(request, publicOrigins);
    return [
      { name: 'read by', value: isForeign ? 'another site: without the session' : 'own pages, a tab or a program' },
    ];
  }
  return [{ name: 'source', value: findSource(request.headers, publicOrigins) }];
}

function accessFacts(
  { caller, request, listener }: RequestState,
  { access, stepUp, callers }: ResolvedRoute,
): readonly ExplainedFact[] {
  const demanded = typeof access === 'string' ? access : describeRequirement(access);
  const facts: ExplainedFact[] = [{ name: 'access', value: demanded }];
  if (listener === 'internal') facts.push({ name: 'callers', value: [...callers].join(', ') || 'none' });
  if (caller.kind !== 'anonymous' && typeof access !== 'string') {
    const { roles, permissions = [] } = access;
    const lacking = permissions.filter((permission) => !caller.permissions.includes(permission));
    if (roles !== undefined && checkRequirement(caller, { roles }).kind === 'not-met')
      facts.push({ name: 'missing role', value: `one of ${roles.join(', ')}` });
    if (lacking.length > 0) facts.push({ name: 'missing permissions', value: lacking.join(', ') });
  }
  if (stepUp !== undefined) {
    const words = [
      ...(stepUp.acr === undefined ? [] : [`assurance ${stepUp.acr}`]),
      ...(stepUp.maxAgeSeconds === undefined ? [] : [`a sign-in of the last ${stepUp.maxAgeSeconds} s`]),
    ];
    facts.push({ name: 'step-up', value: `demands ${words.join(' and ')}` });
  }
  if (request?.headers.isWebSocket === true) facts.push({ name: 'handshake', value: 'WebSocket' });
  return facts;
}

function describeRequirement({ roles = [], permissions = [] }: Exclude<ResolvedRoute['access'], string>): string {
  return [
    ...(roles.length === 0 ? [] : [`role ${roles.join(' or ')}`]),
    ...(permissions.length === 0 ? [] : [`permission ${permissions.join(' and ')}`]),
  ].join(', ');
}

/** What the token would say, and nothing that could be used: of profiles only that they are there. */
function tokenFacts({ token, tokenCache }: RequestState, { webhook }: ResolvedRoute): readonly ExplainedFact[] {
  if (webhook !== undefined) return [{ name: 'token', value: 'made for the sender once the signature holds' }];
  if (token === undefined) return [{ name: 'token', value: 'none: the request is anonymous to the upstream' }];
  const { aud, scope, exp, iat } = token.claims;
  return [
    { name: 'audience', value: String(aud) },
    { name: 'scope', value: scope === undefined || scope === '' ? 'empty' : scope },
    { name: 'claims', value: Object.keys(token.claims).sort().join(', ') },
    { name: 'lifetime', value: `${exp - iat} s` },
    ...(tokenCache === undefined ? [] : [{ name: 'token cache', value: tokenCache }]),
  ];
}

function forwardStage({ request, route: resolved }: RequestState): ExplainedStage {
  if (request === undefined || resolved === undefined || resolved.destination.kind !== 'upstream')
    return { stage: 'forward', outcome: 'decided', facts: [] };
  const { route, strippedSegments } = resolved.destination;
  const target = stripPrefix(request.target, request.query, strippedSegments);
  const path = target.slice(0, target.length - request.query.length);
  return {
    stage: 'forward',
    outcome: 'decided',
    facts: [
      { name: 'upstream', value: [route.upstream].flat().join(', ') },
      { name: 'path', value: path === '' ? '/' : path },
      ...(staysOpen(route) ? [{ name: 'streaming', value: 'without a time limit' }] : []),
      ...routeOptionsOf(route),
    ],
  };
}
