import type { AssuranceLevel } from '@sallyport/core';

/** What a sign-in method proves by itself. */
interface SignInMethod {
  readonly acr: AssuranceLevel;
  /** RFC 8176. */
  readonly amr: readonly string[];
}

/**
 * What each sign-in method of the engine proves. A method that is not here cannot make a session, and one that proves less
 * than the account requires cannot either: a gate asks for more first.
 */
export const signInMethods = {
  password: { acr: 'pwd', amr: ['pwd'] },
} as const satisfies Readonly<Record<string, SignInMethod>>;

/** Name of a sign-in method. */
export type SignInMethodName = keyof typeof signInMethods;
