import { checkRequirement, SallyportError, type AssuranceLevel, type Principal } from '@sallyport/core';
import type { CanonicalRequest } from './firewall/canonical-request.ts';
import { placeOf, requestOf, type Decision, type Passage } from './passage.ts';
import { isNavigation } from './request-intent.ts';
import type { Place } from './route-table.ts';

export interface AuthorizeParts {
  readonly signInPath: string;
}

/** Strength of a sign-in, weakest first. */
const assurance: Readonly<Record<AssuranceLevel, number>> = { pwd: 0, mfa: 1, phr: 2 };

/** A longer return address is dropped: the page is found again by hand. */
const longestReturnTo = 2048;

/**
 * Checks the access of the place from the caller alone. A stranger is sent to the sign-in page when a person is loading
 * a page, and gets 401 otherwise; who is known but lacks something gets 403.
 */
export function authorize(passage: Passage, { signInPath }: AuthorizeParts): Decision | undefined {
  const place = placeOf(passage);
  const { caller } = passage;
  if (place.access === 'public') return undefined;
  if (caller.kind === 'anonymous') {
    if (place.access === 'optional' && place.stepUp === undefined) return undefined;
    return turnAway(passage, signInPath);
  }
  requireAccess(place, caller, passage.listener);
  if (place.stepUp !== undefined) requireStepUp(place.stepUp, caller, passage.at);
  return undefined;
}

function turnAway(passage: Passage, signInPath: string): Decision {
  const request = requestOf(passage);
  const reason = passage.reason ?? 'not-signed-in';
  if (passage.listener === 'internal' || !isNavigation(request) || placeOf(passage).access === 'service') {
    throw new SallyportError('SP_UNAUTHENTICATED', { reason });
  }
  return { kind: 'redirect', status: 303, location: signInPath + returnToOf(request), reason };
}

function returnToOf({ target }: CanonicalRequest): string {
  return target.length > longestReturnTo ? '' : `?returnTo=${encodeURIComponent(target)}`;
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

function requireStepUp(stepUp: NonNullable<Place['stepUp']>, caller: Principal, at: number): void {
  const { acr, maxAgeSeconds } = stepUp;
  const isTooWeak = acr !== undefined && assurance[caller.acr] < assurance[acr];
  const isTooOld = maxAgeSeconds !== undefined && at - caller.authTime.getTime() > maxAgeSeconds * 1000;
  if (isTooWeak || isTooOld) {
    throw new SallyportError('SP_STEP_UP_REQUIRED', { reason: isTooWeak ? 'sign-in-too-weak' : 'sign-in-too-old' });
  }
}
