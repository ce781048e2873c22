import { readOwnCookie } from '@sallyport/core';

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
  /** Without its prefix. */
  readonly name: string;
  /** The only paths that get it. */
  readonly path: string;
  readonly seconds: number;
  readonly isSecure: boolean;
}

/**
 * Builds a cookie for pages alone: HttpOnly, on https `__Secure-`. `SameSite=Lax`, because a mailed link is followed from
 * another site: a strict cookie would be missing on the redirect.
 */
export function createPageCookie({ name, path, seconds, isSecure }: PageCookieOptions): PageCookie {
  const fullName = `${isSecure ? '__Secure-' : ''}${name}`;
  const write = (value: string, age: number): string =>
    `${fullName}=${value}; Path=${path}; Max-Age=${age}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    read: (request) => readOwnCookie(request.headers.get('cookie') ?? undefined, fullName),
    write: (value) => write(value, seconds),
    cleared: write('', 0),
  };
}
