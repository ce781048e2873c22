import { parseReturnPath } from './return-path.ts';

/**
 * The address of the sign-in page that leads back to a path of this origin afterwards.
 * A path that is not safe to return to is left out, never passed on.
 */
export function signInUrl(returnTo?: string): string {
  const path = parseReturnPath(returnTo);
  return path === undefined || path === '/' ? '/sign-in' : `/sign-in?returnTo=${encodeURIComponent(path)}`;
}
