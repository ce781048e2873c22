import { builtInPages, pageUrl } from '@sallyport/core/browser';
import { parseReturnPath } from './return-path.ts';

/**
 * The address of the sign-in page that leads back to a path of this origin afterwards. A page that takes its place is reached
 * from there.
 * A path that is not safe to return to is left out, never passed on.
 */
export function signInUrl(returnTo?: string): string {
  const path = parseReturnPath(returnTo);
  return pageUrl(builtInPages.signIn, { returnTo: path === '/' ? undefined : path });
}
