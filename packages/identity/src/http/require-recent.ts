import { checkStepUp, SallyportError, type LiveSession, type StepUp } from '@sallyport/core';
import type { RequiredAssurance } from '../sessions/required-assurance.ts';

export interface RecentSignInParts {
  readonly requiredAssurance: RequiredAssurance;
  readonly now: () => Date;
}

/** A change to how an account is protected needs a sign-in that is not older than this. */
export const recentSeconds = 10 * 60;

/**
 * Demands what a change to the protection of an account needs: a recent sign-in, and one that is as strong as the
 * account requires.
 *
 * @throws `SP_STEP_UP_REQUIRED`, which says what would be enough.
 */
export async function requireRecent(
  { principal }: LiveSession,
  { requiredAssurance, now }: RecentSignInParts,
  maxAgeSeconds = recentSeconds,
): Promise<void> {
  const acr = await requiredAssurance.of(principal);
  const stepUp: StepUp = { ...(acr === 'pwd' ? {} : { acr }), maxAgeSeconds };
  const outcome = checkStepUp(principal, stepUp, now().getTime());
  if (outcome.kind === 'not-met') throw new SallyportError('SP_STEP_UP_REQUIRED', { reason: outcome.reason, stepUp });
}
