const outsideUrl = /[^\x21-\x7e]|[\\#]/;
const encodedSeparator = /%(?:2e|2f|5c|00|25)/i;

/**
 * Checks the path of a call through the gateway: `/api/<service>/…`, or `/api` where one service answers there, and nothing that could be read as another place.
 *
 * @throws TypeError for an absolute address, `//`, dot segments, backslashes, encoded separators, a fragment or anything
 *   outside printable ASCII. The message never repeats the path.
 */
export function requireApiPath(path: string): string {
  const [pathname = ''] = path.split('?', 1);
  const problem = problemOf(path, pathname);
  if (problem !== undefined) throw new TypeError(`fetchApi takes a path such as "/api/shop/products": ${problem}`);
  return path;
}

function problemOf(path: string, pathname: string): string | undefined {
  if (pathname !== '/api' && !pathname.startsWith('/api/')) return 'it must be "/api" or start with "/api/"';
  if (outsideUrl.test(path)) return 'it holds a backslash, a fragment, or a character that must be percent-encoded';
  if (pathname.includes('//')) return 'it has an empty segment';
  if (pathname.split('/').some((segment) => segment === '.' || segment === '..')) return 'it has a dot segment';
  if (encodedSeparator.test(pathname)) return 'it has an encoded slash, dot, backslash, percent or null';
  return undefined;
}
