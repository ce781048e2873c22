const anyOrigin = 'http://origin.invalid';
/** Spaces, control characters and backslashes: a browser repairs them, and a repaired path can be another host. */
const unsafeCharacter = /[\s\\\p{Cc}]/u;
const longestPath = 2048;

/**
 * Reads a path to return to after signing in. Only a path of this origin passes: never another origin, a scheme, `//host`,
 * a backslash or a control character, and never the sign-in pages themselves.
 *
 * @returns path, query and fragment, without the marks that Next's router adds; `undefined` for anything else.
 */
export function parseReturnPath(text: string | null | undefined): string | undefined {
  if (text === null || text === undefined || text.length > longestPath || unsafeCharacter.test(text)) return undefined;
  if (!text.startsWith('/') || text.startsWith('//') || !URL.canParse(text, anyOrigin)) return undefined;
  const url = new URL(text, anyOrigin);
  // `/.//host` and the like become `//host` only once they are resolved.
  if (url.origin !== anyOrigin || url.pathname.startsWith('//')) return undefined;
  if (url.pathname.startsWith('/auth/')) return undefined;
  if (url.searchParams.has('_rsc')) url.searchParams.delete('_rsc');
  return `${url.pathname}${url.search}${url.hash}`;
}
