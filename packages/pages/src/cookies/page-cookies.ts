import { readOwnCookie, type SessionCookie } from '@sallyport/core';

/** A cookie that pages hand from one to the next. It opens nothing. */
export interface PageCookie {
  /** What the browser presented; `undefined` when that is nothing, or more than one thing. */
  read(request: Request): string | undefined;
  /** The `Set-Cookie` value that hands it over. */
  write(value: string): string;
  /** The `Set-Cookie` value that takes it away. */
  readonly cleared: string;
}

export interface PageCookieOptions {
  /** What it is for: the end of its name. */
  readonly use: 'link' | 'flow';
  /** The only paths that get it. */
  readonly path: string;
  readonly seconds: number;
  readonly session: SessionCookie;
}

/**
 * Builds a cookie for pages alone: HttpOnly, on https `__Secure-`, on plain-http loopback with the port in its name as the
 * session has it. `SameSite=Lax`, because a mailed link is followed from
 * another site: a strict cookie would be missing on the redirect.
 */
export function createPageCookie({ use, path, seconds, session }: PageCookieOptions): PageCookie {
  const fullName = session.secure ? `__Secure-sallyport-${use}` : `${session.name}-${use}`;
  const write = (value: string, age: number): string =>
    `${fullName}=${value}; Path=${path}; Max-Age=${age}; HttpOnly; SameSite=Lax${session.secure ? '; Secure' : ''}`;
  return {
    read: (request) => readOwnCookie(request.headers.get('cookie') ?? undefined, fullName),
    write: (value) => write(value, seconds),
    cleared: write('', 0),
  };
}
