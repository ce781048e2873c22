import type { AssuranceLevel, Principal } from '../principal/principal.ts';

/** What a route or a handler asks of the sign-in itself: how strong it was, and how long ago (RFC 9470). */
export interface StepUp {
  readonly acr?: AssuranceLevel | undefined;
  readonly maxAgeSeconds?: number | undefined;
}

/** Why a sign-in is not enough. The reason is a stable code for logs. */
export type StepUpOutcome =
  { readonly kind: 'met' } | { readonly kind: 'not-met'; readonly reason: 'sign-in-too-weak' | 'sign-in-too-old' };

/** Every strength of a sign-in, weakest first. */
export const assuranceLevels = ['pwd', 'mfa', 'phr'] as const satisfies readonly AssuranceLevel[];

const strength: Readonly<Record<AssuranceLevel, number>> = { pwd: 0, mfa: 1, phr: 2 };

/** Says whether a sign-in is at least as strong as what is demanded. */
export function isAssuranceAtLeast(acr: AssuranceLevel, demanded: AssuranceLevel): boolean {
  return strength[acr] >= strength[demanded];
}

/**
 * Checks the sign-in of a caller. One that is too weak is named before one that is too old: only a stronger one helps.
 *
 * @param at milliseconds since 1970.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9470#section-3 RFC 9470, section 3}
 */
export function checkStepUp(caller: Pick<Principal, 'acr' | 'authTime'>, stepUp: StepUp, at: number): StepUpOutcome {
  const { acr, maxAgeSeconds } = stepUp;
  if (acr !== undefined && !isAssuranceAtLeast(caller.acr, acr)) return { kind: 'not-met', reason: 'sign-in-too-weak' };
  const isTooOld = maxAgeSeconds !== undefined && at - caller.authTime.getTime() > maxAgeSeconds * 1000;
  return isTooOld ? { kind: 'not-met', reason: 'sign-in-too-old' } : { kind: 'met' };
}
