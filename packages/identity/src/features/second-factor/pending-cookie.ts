import { readOwnCookie, type SessionCookie } from '@sallyport/core';
import { pendingSeconds } from './pending-sign-ins.ts';

/** The cookie that carries a sign-in from the first factor to the second. It opens nothing else. */
export interface PendingCookie {
  /** The handle in a `Cookie` header; `undefined` when there is none, or more than one that differ. */
  read(header: string | undefined): string | undefined;
  /** The `Set-Cookie` value that hands a handle to the browser. */
  write(handle: string): string;
  /** The `Set-Cookie` value that takes it away again. */
  readonly cleared: string;
}

/**
 * Builds the cookie beside a session cookie, with the same prefix and flags. `SameSite=Lax`: a sign-in at an identity
 * provider comes back from another site, and its second step is the page that the answer leads to.
 */
export function createPendingCookie({ name, secure }: SessionCookie): PendingCookie {
  const pendingName = `${name}-pending`;
  const write = (value: string, seconds: number): string =>
    `${pendingName}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return {
    read: (header) => readOwnCookie(header, pendingName),
    write: (handle) => write(handle, pendingSeconds),
    cleared: write('', 0),
  };
}
