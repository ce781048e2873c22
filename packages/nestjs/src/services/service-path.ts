const outsideUrl = /[^\x21-\x7e]|[\\#]/;
const encodedSeparator = /%(?:2e|2f|5c|00|25)/i;

/**
 * Checks the path of a call to another service: the prefix of its route at the gateway, and nothing that could be read as
 * another place.
 *
 * @throws TypeError that says what is wrong, and never repeats the path.
 */
export function requireServicePath(path: string): string {
  const problem = problemOf(path);
  if (problem === undefined) return path;
  throw new TypeError(`a service is called by a path such as "/api/invoices/7": ${problem}`);
}

function problemOf(path: string): string | undefined {
  const [pathname = ''] = path.split('?', 1);
  if (!pathname.startsWith('/')) return 'it must start with "/"';
  if (outsideUrl.test(path)) return 'it holds a backslash, a fragment, or a character that must be percent-encoded';
  if (pathname.includes('//')) return 'it has an empty segment';
  if (pathname.split('/').some((segment) => segment === '.' || segment === '..')) return 'it has a dot segment';
  if (encodedSeparator.test(pathname)) return 'it has an encoded slash, dot, backslash, percent or null';
  // What the gateway itself answers is for SallyportServices, ProviderTokens and MessageSealer alone.
  if (pathname === '/internal' || pathname.startsWith('/internal/')) return 'it must be the path of a service';
  return undefined;
}
