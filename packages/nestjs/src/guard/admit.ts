import { checkRequirement, checkStepUp, SallyportError, type Caller, type Principal } from '@sallyport/core';
import type { AcceptedCredentials, Access } from '../access/resolve-access.ts';

type OpenAccess = Extract<Access, { readonly kind: 'public' | 'optional' }>;
type GuardedAccess = Extract<Access, { readonly kind: 'guarded' }>;

/** Whether a handler takes anonymous callers. */
export function isOpen(access: OpenAccess | GuardedAccess): access is OpenAccess {
  return access.kind !== 'guarded';
}

/**
 * Checks a caller against what a handler declares.
 *
 * @throws `SP_UNAUTHENTICATED`, `SP_FORBIDDEN` or `SP_STEP_UP_REQUIRED`, with the reason for the log.
 */
export function admit(caller: Caller, access: OpenAccess | GuardedAccess): true {
  if (access.kind === 'public') return true;
  if (caller.kind === 'anonymous') {
    if (access.kind === 'optional') return true;
    throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-token' });
  }
  requireAccepted(caller, access.accepts);
  if (access.kind === 'guarded') requireAuthority(caller, access);
  return true;
}

/** As at the gateway, where another credential than those of the route is none: 401, because one of them would do. */
function requireAccepted({ credential }: Principal, accepts: AcceptedCredentials): void {
  if (accepts === undefined || accepts.has(credential)) return;
  throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'credential-not-accepted' });
}

function requireAuthority(caller: Principal, { requirements, stepUps, isForServices }: GuardedAccess): void {
  if (isForServices && caller.kind !== 'service') throw new SallyportError('SP_FORBIDDEN', { reason: 'service-only' });
  for (const requirement of requirements) {
    const outcome = checkRequirement(caller, requirement);
    if (outcome.kind === 'not-met') throw new SallyportError('SP_FORBIDDEN', { reason: outcome.reason, requirement });
  }
  for (const stepUp of stepUps) {
    const outcome = checkStepUp(caller, stepUp, Date.now());
    if (outcome.kind === 'not-met') throw new SallyportError('SP_STEP_UP_REQUIRED', { reason: outcome.reason, stepUp });
  }
}
