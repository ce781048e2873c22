/** `unknown` until the storage was read. */
export type SignInState = 'unknown' | 'signed-in' | 'signed-out';

/** A change of who is signed in, for a page that shows it. */
export type SignInChange =
  | { readonly status: 'signed-in' }
  /**
   * `signed-out`: here or in another tab, by the user. `ended`: the gateway says that the sign-in is over (signed out on
   * another device, banned, new password, too old, or a refresh token that was used by two).
   */
  | { readonly status: 'signed-out'; readonly reason: 'signed-out' | 'ended' };

/** What is told to the page. */
export interface SignInStatus {
  readonly current: SignInState;
  /** Listeners hear of changes alone. */
  change(change: SignInChange): void;
  /** @returns ends the subscription */
  subscribe(listener: (change: SignInChange) => void): () => void;
}

/** Builds it, unknown at first. */
export function createSignInStatus(): SignInStatus {
  const listeners = new Set<(change: SignInChange) => void>();
  let current: SignInState = 'unknown';
  return {
    get current() {
      return current;
    },
    change(change) {
      if (change.status === current) return;
      current = change.status;
      for (const listener of listeners) listener(change);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
