import { pageUrl, toSafeReturnTo } from '@sallyport/core';

/** The page that was asked for, as a parameter: the home page is where people go anyway. */
export function askedPage(returnTo: string): string | undefined {
  const path = toSafeReturnTo(returnTo);
  return path === '/' ? undefined : path;
}

/** The address of a page that leads on to the one that was asked for. */
export function withReturnTo(path: string, returnTo: string): string {
  return pageUrl(path, { returnTo: askedPage(returnTo) });
}
