import type { SessionProvider } from '@sallyport/core';

/** Whether the provider of a sign-in has ended it since it was begun. */
export type IsProviderSignInOver = (provider: SessionProvider, userId: string) => Promise<boolean>;

/**
 * Sign-ins that came from an identity provider, until they are sessions. A logout token that arrives while one waits for its
 * second factor, or is being answered, finds no session to end: so the sign-in asks, before and after its session is made.
 */
export interface ProviderSignIns {
  /** Registers who knows what providers ended. */
  register(isOver: IsProviderSignInOver): void;
  /** `false` where no feature knows of providers. */
  readonly isOver: IsProviderSignInOver;
}

/** Builds the place where the feature that hears of providers registers. @throws TypeError, from `register`, for a second one. */
export function createProviderSignIns(): ProviderSignIns {
  let registered: IsProviderSignInOver | undefined;
  return {
    register(isOver) {
      if (registered !== undefined) throw new TypeError('two features know of sign-ins that providers ended');
      registered = isOver;
    },
    isOver: async (provider, userId) => (await registered?.(provider, userId)) ?? false,
  };
}
