import { checkRequirement, checkStepUp, maxReturnToLength, SallyportError, type Principal } from '@sallyport/core';
import type { CanonicalRequest } from '../../firewall/canonical-request.ts';
import { routeOf, requestOf, type Decision, type RequestState } from '../request-state.ts';
import { isNavigation, isServerAction } from '../request-intent.ts';
import type { ResolvedRoute } from '../../routing/route-table.ts';

export interface AuthorizeParts {
  readonly signInPath: string;
  readonly stepUpPath: string;
}

/**
 * Checks the access of the route from the caller alone. An anonymous caller is sent to the sign-in page when a person is
 * loading a page, and gets 401 otherwise. The answer to a Server Action says to Next.js where its page goes. A caller whose sign-in is too weak or too old is sent to the step-up page. A
 * known caller that lacks a role or permission gets 403.
 */
export function authorize(state: RequestState, { signInPath, stepUpPath }: AuthorizeParts): Decision | undefined {
  const route = routeOf(state);
  const { caller } = state;
  if (route.access === 'public') return undefined;
  // Its caller is known when its body was verified, before it is sent on.
  if (state.delivery !== undefined) return undefined;
  if (caller.kind === 'anonymous') {
    if (route.access === 'optional' && route.stepUp === undefined) return undefined;
    return challenge(state, signInPath);
  }
  if (state.listener === 'internal') requireCaller(route, caller);
  requireAccess(route, caller, state.listener);
  return route.stepUp === undefined ? undefined : stepUp(state, route.stepUp, caller, stepUpPath);
}

function challenge(state: RequestState, signInPath: string): Decision {
  const request = requestOf(state);
  const reason = state.reason ?? 'not-signed-in';
  const { access, acceptsSession } = routeOf(state);
  // Where no session counts, a person would be sent to sign in for ever.
  const location = withQuery(signInPath, [returnToOf(request)]);
  const isForPeople = access !== 'service' && acceptsSession;
  if (state.listener !== 'public' || !isNavigation(request) || !isForPeople) {
    if (isForPeople && isServerAction(state)) state.actionRedirect = location;
    throw new SallyportError('SP_UNAUTHENTICATED', { reason });
  }
  return { kind: 'redirect', status: 303, location, reason };
}

/** A longer address is dropped: the page is found again by hand. */
function returnToOf({ target }: CanonicalRequest): string {
  return target.length > maxReturnToLength ? '' : `returnTo=${encodeURIComponent(target)}`;
}

/** In the names of OIDC, so that the page can say what is asked for, or that it cannot be had. */
function demandOf({ acr, maxAgeSeconds }: NonNullable<ResolvedRoute['stepUp']>): readonly string[] {
  return [
    ...(acr === undefined ? [] : [`acr_values=${acr}`]),
    ...(maxAgeSeconds === undefined ? [] : [`max_age=${maxAgeSeconds}`]),
  ];
}

function withQuery(path: string, parameters: readonly string[]): string {
  const query = parameters.filter((parameter) => parameter !== '').join('&');
  return query === '' ? path : `${path}?${query}`;
}

/** A service that is deceived, or taken over, reaches no route but those that count on its calls. */
function requireCaller({ callers }: ResolvedRoute, { actor }: Principal): void {
  if (actor === undefined || !callers.has(actor.id))
    throw new SallyportError('SP_FORBIDDEN', { reason: 'caller-not-listed' });
}

function requireAccess(
  { access, resource }: ResolvedRoute,
  caller: Principal,
  listener: RequestState['listener'],
): void {
  if (access === 'service') {
    // A call that comes through the internal listener is made by a service, with or without a user.
    if (listener === 'internal' || caller.kind === 'service') return;
    throw new SallyportError('SP_FORBIDDEN', { reason: 'service-only' });
  }
  if (typeof access === 'string') return;
  const { roles, permissions } = access;
  const outcome = checkRequirement(caller, {
    ...(roles === undefined ? {} : { roles }),
    ...(permissions === undefined ? {} : { permissions }),
  });
  if (outcome.kind === 'met') return;
  const { reason } = outcome;
  // A client of a protected resource asks its user for what is missing. What a role would open no scope does.
  const isAsked = resource !== undefined && permissions !== undefined && reason === 'permission-missing';
  throw new SallyportError('SP_FORBIDDEN', { reason, ...(isAsked ? { scopes: permissions } : {}) });
}

function stepUp(
  state: RequestState,
  demanded: NonNullable<ResolvedRoute['stepUp']>,
  caller: Principal,
  stepUpPath: string,
): Decision | undefined {
  const outcome = checkStepUp(caller, demanded, state.at);
  if (outcome.kind === 'met') return undefined;
  const request = requestOf(state);
  const { reason } = outcome;
  const location = withQuery(stepUpPath, [returnToOf(request), ...demandOf(demanded)]);
  if (state.listener !== 'public' || !isNavigation(request)) {
    if (isServerAction(state)) state.actionRedirect = location;
    throw new SallyportError('SP_STEP_UP_REQUIRED', { reason, stepUp: demanded });
  }
  return { kind: 'redirect', status: 303, location, reason };
}
