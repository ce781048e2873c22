import { isHost } from '@sallyport/core';

/** A host that the gateway serves. `name` is its canonical spelling. */
export interface KnownHost {
  readonly name: string;
}

/** Looks a `Host` header up. */
export interface KnownHosts {
  find(header: string): KnownHost | 'unknown' | 'malformed';
}

/**
 * Builds the look-up of hosts: exact names, and `*.example.com` for every host below (never `example.com` itself,
 * never `evilexample.com`). Case is ignored, and so is the port when it is the default one.
 *
 * @param canonicalName what every host is called from here on; absent means by its own name.
 */
export function createKnownHosts(
  patterns: readonly string[],
  protocol: 'http:' | 'https:',
  canonicalName?: string,
): KnownHosts {
  const defaultPort = protocol === 'https:' ? ':443' : ':80';
  const exact = new Map<string, KnownHost>();
  for (const pattern of patterns.filter((text) => !text.startsWith('*.'))) {
    const name = withoutPort(pattern.toLowerCase(), defaultPort);
    const host = { name: canonicalName ?? name };
    exact.set(name, host);
    if (!/:\d+$/.test(name)) exact.set(name + defaultPort, host);
  }
  const matches = patterns.filter((text) => text.startsWith('*.')).map(createHostMatcher);

  return {
    find: (header) => {
      const known = exact.get(header);
      if (known !== undefined) return known;
      const lowered = header.toLowerCase();
      if (!isHost(lowered)) return 'malformed';
      const name = withoutPort(lowered, defaultPort);
      const found = exact.get(name);
      if (found !== undefined) return found;
      return matches.some((matcher) => matcher(name)) ? { name: canonicalName ?? name } : 'unknown';
    },
  };
}

/** Builds the check of one pattern of a route or of the list of hosts, against a canonical host. */
export function createHostMatcher(pattern: string): (host: string) => boolean {
  const lowered = pattern.toLowerCase();
  if (!lowered.startsWith('*.')) return (host) => host === lowered;
  const suffix = lowered.slice(1);
  return (host) => host.length > suffix.length && host.endsWith(suffix) && !host.startsWith('.');
}

function withoutPort(host: string, port: string): string {
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}
