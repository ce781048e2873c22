import {
  assuranceLevels,
  checkStepUp,
  isAssuranceAtLeast,
  SallyportError,
  type AssuranceLevel,
  type StepUp,
  type UserPrincipal,
} from '@sallyport/core';
import { recentSeconds, type IdentityKernel } from '@sallyport/identity';
import type { DeviceRequest } from './device-requests.ts';

export type DeviceProofParts = Pick<IdentityKernel, 'requiredAssurance' | 'now'>;

/** Time to type a password: a request that asks for less could never be answered. */
const leastSeconds = 60;

/**
 * Demands what lets a device sign in: a recent sign-in, as for every change to how an account is protected, since the device
 * goes on when the session of the browser has ended, and a thief of that session must not. The client may ask for more.
 *
 * @throws `SP_STEP_UP_REQUIRED`, which says what would be enough.
 */
export async function requireDeviceProof(
  principal: UserPrincipal,
  { acrValues, maxAgeSeconds }: Pick<DeviceRequest, 'acrValues' | 'maxAgeSeconds'>,
  { requiredAssurance, now }: DeviceProofParts,
): Promise<void> {
  const acr = strongerOf(await requiredAssurance.of(principal), askedAssurance(acrValues));
  const maxAge = Math.min(recentSeconds, Math.max(leastSeconds, maxAgeSeconds ?? recentSeconds));
  const stepUp: StepUp = { ...(acr === 'pwd' ? {} : { acr }), maxAgeSeconds: maxAge };
  const outcome = checkStepUp(principal, stepUp, now().getTime());
  if (outcome.kind === 'not-met') throw new SallyportError('SP_STEP_UP_REQUIRED', { reason: outcome.reason, stepUp });
}

/** The weakest level of `acr_values` that is known: any of them would do. */
function askedAssurance(acrValues: string | undefined): AssuranceLevel {
  const asked = acrValues?.split(' ') ?? [];
  const known = assuranceLevels.filter((level) => asked.includes(level));
  const [weakest = 'pwd'] = known.toSorted((one, other) => (isAssuranceAtLeast(one, other) ? 1 : -1));
  return weakest;
}

function strongerOf(one: AssuranceLevel, other: AssuranceLevel): AssuranceLevel {
  return isAssuranceAtLeast(one, other) ? one : other;
}
