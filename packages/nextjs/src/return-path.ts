import { toSafeReturnTo } from '@sallyport/core/browser';

const anyOrigin = 'http://origin.invalid';

/**
 * Reads a path to return to after signing in, by the rule that the sign-in pages follow: only a path of this origin, and no
 * page of the sign-in flow.
 *
 * @returns path, query and fragment, without the marks that Next's router adds; `undefined` for anything else.
 */
export function parseReturnPath(text: string | null | undefined): string | undefined {
  // What is none as it stands is not made one by resolving it.
  if (text === null || text === undefined || (text !== '/' && toSafeReturnTo(text) === '/')) return undefined;
  const url = new URL(text, anyOrigin);
  if (!url.searchParams.has('_rsc')) return text;
  url.searchParams.delete('_rsc');
  return `${url.pathname}${url.search}${url.hash}`;
}
