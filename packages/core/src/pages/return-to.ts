import { builtInPages, pagesToReturnTo, type PageName, type PageTable } from './page-table.ts';

/** Where people go when nothing better, or nothing safe, was asked for. */
const home = '/';

/** In characters: with what its encoding adds, such an address stays within the headers that a gateway and Node.js read. */
export const maxReturnToLength = 4096;

/** Prefixes of our own sign-in flow: going back there would be a loop, or a sign-out. */
const ownFlow =
  /^\/(?:auth|oauth2|sign-in|sign-up|sign-out|signed-out|verify-email|forgot-password|reset-password|second-factor|step-up)(?:[/?#.;]|$)/i;

/** Where an OAuth client asks a user for consent, under the id of its request. */
const askedByClient = /^\/auth\/oauth\/[\w-]{16,64}$/;

/**
 * Decides where a browser goes after sign-in: the asked path, with its query and fragment, when it can only mean a page of
 * this origin, else `/`. The only rule of this kind: browsers, zones, pages and identity ask it.
 *
 * Never returns anything that a browser, of any age, could read as another origin.
 *
 * @param pages where the pages of the sign-in flow are: it never leads back to one of them.
 */
export function toSafeReturnTo(asked: string | null | undefined, pages?: PageTable): string {
  if (asked === null || asked === undefined || asked.length > maxReturnToLength) return home;
  // Printable ASCII alone: browsers drop tabs and line ends, and fold full-width slashes.
  if (!/^\/[\x21-\x7e]*$/.test(asked)) return home;
  const [path = ''] = asked.split(/[?#]/, 1);
  // Backslashes are slashes to browsers, ":" ends a scheme, and an encoded separator is one to some proxy. An "@" is none
  // behind the one slash at the beginning: without a second one there is no authority that it could belong to.
  if (/[\\;]|%(?:2f|5c|2e|25|3a|3b|[01][0-9a-f]|7f)/i.test(path) || asked.includes('\\')) return home;
  // Behind the slash stands what is a scheme to a client that cuts that off.
  if (/\/\/|\/:|^\/[A-Za-z][A-Za-z0-9+.-]*:/.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) return home;
  const decoded = decode(path);
  return decoded === undefined || isOwnFlow(decoded, pages) || !staysHere(asked, path) ? home : asked;
}

function isOwnFlow(path: string, pages: PageTable | undefined): boolean {
  if (isBuiltInPlace(path) || askedByClient.test(path)) return false;
  if (ownFlow.test(path)) return true;
  if (pages === undefined) return false;
  const names = Object.keys(pages) as PageName[]; // Its own keys.
  return names.some((name) => !pagesToReturnTo.includes(name) && isWithin(path, pages[name]));
}

function isBuiltInPlace(path: string): boolean {
  return pagesToReturnTo.some((name) => builtInPages[name] === path);
}

/** By whole segments, in any case, as a service might match it. */
function isWithin(path: string, page: string): boolean {
  const [lower, own] = [path.toLowerCase(), page.toLowerCase()];
  return lower === own || lower.startsWith(`${own}/`);
}

/** The gateway matches routes by decoded paths, so that `/%61uth` is `/auth`. */
function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** The last word is the parser's own: same origin, and the very path that was looked at. */
function staysHere(asked: string, path: string): boolean {
  const origin = 'https://origin.invalid';
  if (!URL.canParse(asked, origin)) return false;
  const url = new URL(asked, origin);
  return url.origin === origin && url.pathname === path;
}
