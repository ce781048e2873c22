import { SallyportError } from '@sallyport/core';
import { isInternalHost } from './internal-host.ts';
import type { KnownHosts } from './known-hosts.ts';

/** The page that a path is another spelling of, in the eyes of Next.js. */
export interface NextPage {
  /** What rules are written for; as decoded as the path that it was read from. */
  readonly path: string;
  /** How many segments in front of the path belong to the spelling and not to the page: a locale. */
  readonly extraSegments: number;
  /** Whether the spelling begins somewhere else altogether, such as below `/_next`. */
  readonly isElsewhere: boolean;
}

/** Reads a path as Next.js does. Nothing for a path that only means itself. */
export type ReadNextPage = (path: string, query: string) => NextPage | undefined;

export interface NextPageParts {
  /** Locales that stand in front of paths (`i18n` of Next.js), in any case. */
  readonly locales: readonly string[];
  readonly hosts: KnownHosts;
  /** Decodes a path that came in a query; refuses whatever the firewall would. */
  readonly readPath: (target: string) => string;
}

/** What Next.js, or a static export of it, puts behind the path of a page (`next/src/lib/constants.ts`). */
const suffix = /(?:\.prefetch\.rsc|\.segment\.rsc|\.rsc|\.action|\.json|\.html|\.txt|\.meta|\.body)\/?$/i;

/** `/page.segments/_tree.segment.rsc` is a part of `/page`. */
const segmentsFolder = /\.segments(?:\/|$)/i;

/** `/_next/data/<build>/page.json`, below a base path too. */
const dataFile = /^(.*?)\/_next\/data\/[^/]+(\/.*)?$/i;

const nextFolder = /\/_next\//i;

const imageOptimizer = /\/_next\/image\/?$/i;

/** Says whether a path or query asks for what the router of Next.js reads, and no person does. */
export function isNextData(path: string, query: string): boolean {
  if (path.includes('.') && (segmentsFolder.test(path) || /\.(?:rsc|action)$/i.test(path))) return true;
  return (path.includes('/_') && dataFile.test(path)) || /[?&]_rsc(?:[=&]|$)/.test(query);
}

/**
 * Builds the reader. Next.js serves a page under several paths (CVE-2026-44573, CVE-2026-44575): a rule for the page is
 * to hold for all of them.
 */
export function createNextPageReader({ locales, hosts, readPath }: NextPageParts): ReadNextPage {
  const knownLocales = new Set(locales.map((locale) => locale.toLowerCase()));

  const withoutLocale = (path: string): string | undefined => {
    if (knownLocales.size === 0) return undefined;
    const end = path.indexOf('/', 1);
    const first = end === -1 ? path.slice(1) : path.slice(1, end);
    if (!knownLocales.has(first.toLowerCase())) return undefined;
    return end === -1 ? '/' : path.slice(end);
  };
  const toPage = (path: string, isElsewhere: boolean): NextPage => {
    const page = withoutSuffixes(path);
    const inner = withoutLocale(page);
    return { path: inner ?? page, extraSegments: inner === undefined ? 0 : 1, isElsewhere };
  };
  const dataOf = (path: string): NextPage | undefined => {
    const [, base, page = '/'] = dataFile.exec(path) ?? [];
    return base === undefined ? undefined : toPage(base + withoutIndex(withoutSuffixes(page)) || '/', true);
  };
  const imageOf = (query: string): NextPage | undefined => {
    const path = innerImagePath(query, hosts, readPath);
    return path === undefined ? undefined : (dataOf(path) ?? toPage(path, true));
  };

  return (path, query) => {
    if (path.includes('/_') && nextFolder.test(path)) {
      if (imageOptimizer.test(path)) return imageOf(query);
      const page = dataOf(path);
      if (page !== undefined) return page;
    }
    if (!path.includes('.') && knownLocales.size === 0) return undefined;
    const page = toPage(path, false);
    return page.path === path ? undefined : page;
  };
}

function withoutSuffixes(path: string): string {
  const folder = segmentsFolder.exec(path);
  let page = folder === null ? path : path.slice(0, folder.index);
  while (suffix.test(page)) page = page.replace(suffix, '');
  return page === '' ? '/' : page;
}

/** `/index` is `/` there, and `/index/admin` is `/admin` (`denormalizePagePath` of Next.js). */
function withoutIndex(page: string): string {
  const end = page.indexOf('/', 1);
  if ((end === -1 ? page : page.slice(0, end)) !== '/index') return page;
  return end === -1 ? '' : page.slice(end);
}

/**
 * The path of the picture that the image optimizer is asked for. It fetches the picture with the caller's headers, from
 * itself where the address is a path: so that path is what the rules look at.
 *
 * @returns `undefined` for a picture on another site, about which the configuration of Next.js decides.
 */
function innerImagePath(query: string, hosts: KnownHosts, readPath: NextPageParts['readPath']): string | undefined {
  const urls = new URLSearchParams(query).getAll('url');
  const [url = ''] = urls;
  if (urls.length !== 1 || url === '') refuse();
  if (url.startsWith('/')) {
    const path = readPath(url);
    if (imageOptimizer.test(path)) refuse();
    return path;
  }
  if (!/^https?:\/\/[a-z0-9]/i.test(url) || url.includes('\\') || !URL.canParse(url)) refuse();
  const { host, hostname, pathname } = new URL(url);
  if (typeof hosts.find(host) === 'object') return readPath(pathname);
  if (isInternalHost(hostname)) refuse();
  return undefined;
}

function refuse(): never {
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'image-address' });
}
