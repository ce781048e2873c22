import { checkStepUp, SallyportError, type LiveSession, type StepUp } from '@sallyport/core';
import type { SecondFactor } from '../features/second-factor/second-factor.ts';

export interface RecentSignInParts {
  readonly secondFactor: SecondFactor;
  readonly now: () => Date;
}

/** A change to how an account is protected needs a sign-in that is not older than this. */
export const recentSeconds = 10 * 60;

/**
 * Demands what a change to the protection of an account needs: a recent sign-in, and one with the second factor where the
 * account has one.
 *
 * @throws `SP_STEP_UP_REQUIRED`, which says what would be enough.
 */
export async function requireRecent(
  { principal }: LiveSession,
  { secondFactor, now }: RecentSignInParts,
  maxAgeSeconds = recentSeconds,
): Promise<void> {
  const hasFactor = (await secondFactor.factors.list(principal.id)).length > 0;
  const stepUp: StepUp = { ...(hasFactor ? { acr: 'mfa' } : {}), maxAgeSeconds };
  const outcome = checkStepUp(principal, stepUp, now().getTime());
  if (outcome.kind === 'not-met') throw new SallyportError('SP_STEP_UP_REQUIRED', { reason: outcome.reason, stepUp });
}
