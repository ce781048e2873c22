import type { Route } from '@sallyport/core';

/** From here on two routes may each demand what the other does not: none of them can stand for both. */
export const incomparableStrictness = 3;

/** What a route demands of its callers. */
export interface Demands {
  readonly access: Route['access'];
  readonly stepUp?: Route['stepUp'];
}

/** What a route demands as a number: a caller that a higher one admits is admitted by all below. */
export function strictnessOf({ access, stepUp }: Demands): number {
  if (stepUp !== undefined) return incomparableStrictness;
  if (access === 'public') return 0;
  if (access === 'optional') return 1;
  return access === 'signed-in' ? 2 : incomparableStrictness;
}
