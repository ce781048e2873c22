/** What a tab tells the others that share its storage. */
export type TabMessage =
  | { readonly kind: 'access-token'; readonly accessToken: string; readonly remainingMilliseconds: number }
  | { readonly kind: 'signed-out'; readonly reason: 'signed-out' | 'ended' };

/** The way to the other tabs that share a storage. */
export interface TabChannel {
  post(message: TabMessage): void;
  /** Calls back with what other tabs post, as it came: it is verified by the client. */
  listen(onMessage: (message: unknown) => void): void;
  close(): void;
}

/**
 * Where the refresh token of one sign-in is kept: one text. The access token is never given to it.
 *
 * `write` resolves when the text is safe: the token before it is worthless by then. A storage that several tabs or processes
 * share brings `exclusively`, so that one of them refreshes at a time, and `openChannel` where there is a way to tell.
 *
 * @example
 * ```ts
 * // React Native, with expo-secure-store: the key chain of iOS, the key store of Android.
 * const storage: TokenStorage = {
 *   read: async () => (await SecureStore.getItemAsync('refresh-token')) ?? undefined,
 *   write: (token) => SecureStore.setItemAsync('refresh-token', token),
 *   remove: () => SecureStore.deleteItemAsync('refresh-token'),
 * };
 * ```
 */
export interface TokenStorage {
  read(): Promise<string | undefined> | string | undefined;
  write(refreshToken: string): Promise<void> | void;
  remove(): Promise<void> | void;
  /** Does the work while no other tab or process that shares this storage does its own. Absent: none shares it. */
  exclusively?<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Absent: the others find out when they read the storage. */
  openChannel?(): TabChannel;
}
