import { checkRequirement, checkStepUp, SallyportError, type Principal } from '@sallyport/core';
import type { CanonicalRequest } from '../../firewall/canonical-request.ts';
import { placeOf, requestOf, type Decision, type Passage } from '../request-state.ts';
import { isNavigation } from '../request-intent.ts';
import type { Place } from '../../routing/route-table.ts';

export interface AuthorizeParts {
  readonly signInPath: string;
  readonly stepUpPath: string;
}

/** A longer return address is dropped: the page is found again by hand. */
const longestReturnTo = 2048;

/**
 * Checks the access of the place from the caller alone. A stranger is sent to the sign-in page when a person is loading
 * a page, and gets 401 otherwise; so is somebody whose sign-in is too weak or too old, to the page that mends it. Who is
 * known but lacks something gets 403.
 */
export function authorize(passage: Passage, { signInPath, stepUpPath }: AuthorizeParts): Decision | undefined {
  const place = placeOf(passage);
  const { caller } = passage;
  if (place.access === 'public') return undefined;
  if (caller.kind === 'anonymous') {
    if (place.access === 'optional' && place.stepUp === undefined) return undefined;
    return turnAway(passage, signInPath);
  }
  requireAccess(place, caller, passage.listener);
  return place.stepUp === undefined ? undefined : stepUp(passage, place.stepUp, caller, stepUpPath);
}

function turnAway(passage: Passage, signInPath: string): Decision {
  const request = requestOf(passage);
  const reason = passage.reason ?? 'not-signed-in';
  if (passage.listener === 'internal' || !isNavigation(request) || placeOf(passage).access === 'service') {
    throw new SallyportError('SP_UNAUTHENTICATED', { reason });
  }
  return { kind: 'redirect', status: 303, location: withQuery(signInPath, [returnToOf(request)]), reason };
}

function returnToOf({ target }: CanonicalRequest): string {
  return target.length > longestReturnTo ? '' : `returnTo=${encodeURIComponent(target)}`;
}

/** In the names of OIDC, so that the page can say what is asked for, or that it cannot be had. */
function demandOf({ acr, maxAgeSeconds }: NonNullable<Place['stepUp']>): readonly string[] {
  return [
    ...(acr === undefined ? [] : [`acr_values=${acr}`]),
    ...(maxAgeSeconds === undefined ? [] : [`max_age=${maxAgeSeconds}`]),
  ];
}

function withQuery(path: string, parameters: readonly string[]): string {
  const query = parameters.filter((parameter) => parameter !== '').join('&');
  return query === '' ? path : `${path}?${query}`;
}

function requireAccess({ access }: Place, caller: Principal, listener: Passage['listener']): void {
  if (access === 'service') {
    // A call that comes through the internal listener is made by a service, for whomever.
    if (listener === 'internal' || caller.kind === 'service') return;
    throw new SallyportError('SP_FORBIDDEN', { reason: 'service-only' });
  }
  if (typeof access === 'string') return;
  const { roles, permissions } = access;
  const outcome = checkRequirement(caller, {
    ...(roles === undefined ? {} : { roles }),
    ...(permissions === undefined ? {} : { permissions }),
  });
  if (outcome.kind === 'not-met') throw new SallyportError('SP_FORBIDDEN', { reason: outcome.reason });
}

function stepUp(
  passage: Passage,
  demanded: NonNullable<Place['stepUp']>,
  caller: Principal,
  stepUpPath: string,
): Decision | undefined {
  const outcome = checkStepUp(caller, demanded, passage.at);
  if (outcome.kind === 'met') return undefined;
  const request = requestOf(passage);
  const { reason } = outcome;
  if (passage.listener === 'internal' || !isNavigation(request)) {
    throw new SallyportError('SP_STEP_UP_REQUIRED', { reason, stepUp: demanded });
  }
  const location = withQuery(stepUpPath, [returnToOf(request), ...demandOf(demanded)]);
  return { kind: 'redirect', status: 303, location, reason };
}
