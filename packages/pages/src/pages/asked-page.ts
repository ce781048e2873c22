import { pageUrl, toSafeReturnTo, type PageTable } from '@sallyport/core';

/** The page that was asked for, as a parameter: the home page is where people go anyway. */
export function askedPage(returnTo: string, pages: PageTable): string | undefined {
  const path = toSafeReturnTo(returnTo, pages);
  return path === '/' ? undefined : path;
}

/** The address of a page that leads on to the one that was asked for. */
export function withReturnTo(path: string, returnTo: string, pages: PageTable): string {
  return pageUrl(path, { returnTo: askedPage(returnTo, pages) });
}
