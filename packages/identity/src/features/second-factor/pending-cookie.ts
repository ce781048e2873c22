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
 * Builds the cookie beside a session cookie: same prefix and flags, but `SameSite=Strict`, since only pages of ours that
 * are open already have a use for it.
 */
export function createPendingCookie({ name, secure }: SessionCookie): PendingCookie {
  const pendingName = `${name}-pending`;
  const write = (value: string, seconds: number): string =>
    `${pendingName}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  return {
    read: (header) => readOwnCookie(header, pendingName),
    write: (handle) => write(handle, pendingSeconds),
    cleared: write('', 0),
  };
}
