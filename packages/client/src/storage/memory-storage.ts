import type { TokenStorage } from './token-storage.ts';

/**
 * Keeps the refresh token in memory, for as long as the page or process lives: a reload signs out, each tab is a sign-in of
 * its own, and no other script can read it.
 *
 * @example
 * ```ts
 * const client = createClient({ gateway: 'https://app.example.com', storage: createMemoryStorage() });
 * ```
 */
export function createMemoryStorage(): TokenStorage {
  let token: string | undefined;
  return {
    read: () => token,
    write: (refreshToken) => {
      token = refreshToken;
    },
    remove: () => {
      token = undefined;
    },
  };
}
