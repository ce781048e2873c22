import { createHash } from 'node:crypto';
import type { SessionCookie } from '@sallyport/core';
import { createPageCookie } from './page-cookies.ts';

/** The token of a mailed link, on its way from the address to the button that uses it. */
export interface LinkCookie {
  read(request: Request): string | undefined;
  write(token: string): string;
  readonly cleared: string;
}

/**
 * Names a token in the form that is to use it, and cannot be used as one. Another link that was opened meanwhile replaces
 * the cookie, and a form that shows one person must not act for another.
 */
export function fingerprintOfLink(token: string): string {
  return createHash('sha256').update(token).digest('base64url').slice(0, 22);
}

const tokenPattern = /^[A-Za-z0-9_-]{16,512}$/;

/**
 * Keeps the token of a mailed link for an hour, for one page alone. The address that held it is left by a redirect, so
 * that the token stays in no history, is on no screen, and reaches no script, no referrer and no other page.
 */
export function createLinkCookie(path: string, session: SessionCookie): LinkCookie {
  const cookie = createPageCookie({ use: 'link', path, seconds: 3600, session });
  return {
    read: (request) => {
      const token = cookie.read(request);
      return token !== undefined && tokenPattern.test(token) ? token : undefined;
    },
    // What cannot be a token is handed on as none: the page says that the link does not work.
    write: (token) => (tokenPattern.test(token) ? cookie.write(token) : cookie.cleared),
    cleared: cookie.cleared,
  };
}
