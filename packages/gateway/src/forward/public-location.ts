import { isLoopbackHost } from '@sallyport/core';

/** What a `Location` of an answer is read by. */
export interface LocationContext {
  readonly publicOrigin: string;
  /** Of all targets of the route: each may name itself or another. */
  readonly upstreamOrigins: readonly string[];
  /** The prefix that was stripped from the request, to be put back; empty when none was. */
  readonly strippedPrefix: string;
}

/** Where a `Location` leads: to a target of the route, to a path, or to a place that is not the route's. */
export type PublicLocation =
  | { readonly kind: 'own'; readonly location: string }
  | { readonly kind: 'path'; readonly location: string }
  | { readonly kind: 'elsewhere'; readonly location: string; readonly origin: string };

/**
 * Reads a `Location` as browsers do. One that names a target of the route leads to the same path at the public address,
 * and a path gets the stripped prefix back unless it is there. Every other one is what the service meant, and stays as it is:
 * an app (`myapp://callback`), another site, another server of the same network.
 */
export function toPublicLocation(location: string, context: LocationContext): PublicLocation {
  // Browsers drop these characters, take backslashes for slashes and need no slash at all behind "https:".
  const text = location.replaceAll(/^[\u0000-\u0020]+|[\t\r\n]/g, '');
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  const isWeb = scheme === 'http' || scheme === 'https';
  if (scheme !== undefined && !isWeb) return { kind: 'elsewhere', location, origin: `${scheme}:` };
  if (!isWeb && !/^[/\\]{2}/.test(text)) return toPath(location, text, context);
  // Browsers take "https:/host" for a path of theirs; other clients follow it to the host.
  const base = URL.canParse(text) ? undefined : context.publicOrigin;
  if (!URL.canParse(text, base)) return { kind: 'elsewhere', location, origin: 'unreadable' };
  const url = new URL(text, base);
  if (url.origin === context.publicOrigin) return { kind: 'path', location };
  if (!context.upstreamOrigins.some((origin) => isSameServer(url, new URL(origin))))
    return { kind: 'elsewhere', location, origin: url.origin };
  return { kind: 'own', location: `${context.publicOrigin}${withPrefix(url, context.strippedPrefix)}` };
}

function toPath(location: string, text: string, { strippedPrefix, publicOrigin }: LocationContext): PublicLocation {
  const isAbsolutePath = /^[/\\]/.test(text);
  if (strippedPrefix === '' || !isAbsolutePath) return { kind: 'path', location };
  return { kind: 'path', location: withPrefix(new URL(text, publicOrigin), strippedPrefix) };
}

function withPrefix({ pathname, search, hash }: URL, prefix: string): string {
  const isThere = prefix === '' || pathname === prefix || pathname.startsWith(`${prefix}/`);
  return `${isThere ? '' : prefix}${pathname}${search}${hash}`;
}

/**
 * Whether two addresses are one server: the same host and port, whichever of the two schemes a service believes it is
 * reached by. A service that names what it is bound to (`0.0.0.0`, or a loopback name) at its own port means itself.
 */
function isSameServer(url: URL, target: URL): boolean {
  if (hostOf(url) === hostOf(target)) return url.port === target.port;
  if (portOf(url) !== portOf(target)) return false;
  const host = hostOf(url);
  return host === '0.0.0.0' || host === '[::]' || (isLoopbackHost(host) && isLoopbackHost(hostOf(target)));
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, '');
}

function portOf({ port, protocol }: URL): string {
  if (port !== '') return port;
  return protocol === 'https:' ? '443' : '80';
}
