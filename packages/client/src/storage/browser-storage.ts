import { ownError } from '../client-error.ts';
import type { TabChannel, TokenStorage } from './token-storage.ts';

export interface BrowserStorageOptions {
  /** Names the entry, the lock and the channel: one for each gateway that pages of this origin sign in to. @default "sallyport" */
  readonly name?: string;
}

/**
 * Keeps the refresh token in `localStorage`: a reload and a restart of the browser leave the user signed in, and all tabs
 * share one sign-in, one refresh (Web Locks) and one sign-out (BroadcastChannel).
 *
 * **Every script that runs on this origin can read it and take it along**: one injected script, one package of a chain of
 * dependencies, and a stranger is signed in for as long as the sign-in lasts or until the theft is noticed. Use it for pages
 * with a strict Content-Security-Policy and without scripts of others, and memory for all else. A page on the origin of the
 * gateway needs neither: it has the session cookie.
 *
 * Without Web Locks (Safari before 15.4, plain http) nothing keeps tabs apart: those that refresh at the same moment are given
 * the same successor, and one that comes a moment too late may be taken for a thief. Throws `SP_CLIENT_OPTIONS_INVALID` where there is no `localStorage`.
 *
 * @example
 * ```ts
 * const client = createClient({ gateway: 'https://app.example.com', storage: createBrowserStorage() });
 * ```
 */
export function createBrowserStorage({ name = 'sallyport' }: BrowserStorageOptions = {}): TokenStorage {
  const entries = findLocalStorage();
  const key = `${name}:refresh-token`;
  const locks = 'navigator' in globalThis && 'locks' in navigator ? navigator.locks : undefined;
  return {
    read: () => entries.getItem(key) ?? undefined,
    write: (refreshToken) => entries.setItem(key, refreshToken),
    remove: () => entries.removeItem(key),
    ...(locks === undefined
      ? {}
      : { exclusively: async <Result>(work: () => Promise<Result>) => locks.request(`${name}:refresh`, work) }),
    ...('BroadcastChannel' in globalThis ? { openChannel: () => openChannel(`${name}:tabs`) } : {}),
  };
}

function findLocalStorage(): Storage {
  try {
    // Reading the property throws where the user has switched storage off.
    const found = (globalThis as { readonly localStorage?: Storage }).localStorage;
    if (found !== undefined) return found;
  } catch (cause) {
    throw ownError('SP_CLIENT_OPTIONS_INVALID', 'localStorage is switched off here', { cause });
  }
  throw ownError('SP_CLIENT_OPTIONS_INVALID', 'there is no localStorage here');
}

function openChannel(name: string): TabChannel {
  const channel = new BroadcastChannel(name);
  return {
    post: (message) => channel.postMessage(message),
    listen: (onMessage) => {
      channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => onMessage(data));
    },
    close: () => channel.close(),
  };
}
