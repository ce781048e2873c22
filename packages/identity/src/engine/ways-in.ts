import type { AssuranceLevel } from '@sallyport/core';

/** What a way in proves by itself. */
export interface WayIn {
  readonly acr: AssuranceLevel;
  /** RFC 8176. */
  readonly amr: readonly string[];
}

/**
 * What each way in of the engine proves, by its path there. A way in that is not here cannot make a session, and one that
 * proves less than the account demands cannot either: it is asked for the second factor first.
 */
export const waysIn: Readonly<Record<string, WayIn>> = {
  '/sign-in/email': { acr: 'pwd', amr: ['pwd'] },
};
