import { readPath } from '../firewall/canonical-request.ts';
import { createKnownHosts, type KnownHosts } from '../firewall/known-hosts.ts';
import { createNextPageReader, type ReadNextPage } from '../firewall/next-page.ts';
import type { CheckedGatewayOptions } from '../gateway-options.ts';
import type { ListenerKind } from '../pipeline/request-state.ts';
import type { Listening } from './listener.ts';

/** How hosts and paths are read at a listener. */
export function createListenerHosts(
  kind: ListenerKind,
  address: Listening,
  options: CheckedGatewayOptions,
): { readonly hosts: KnownHosts; readonly readNextPage: ReadNextPage } {
  const hosts = hostsOf(kind, address, options);
  return { hosts, readNextPage: createNextPageReader({ locales: options.locales, hosts, readPath }) };
}

/** The `Host` of a listener. */
export function hostAndPort({ host, port }: Listening): string {
  return `${bracketed(host)}:${port}`;
}

function hostsOf(kind: ListenerKind, { host, port }: Listening, options: CheckedGatewayOptions): KnownHosts {
  const { host: publicHost, protocol } = new URL(options.publicUrl);
  if (kind === 'public') {
    return createKnownHosts([publicHost, ...options.hosts], protocol === 'https:' ? 'https:' : 'http:');
  }
  if (kind === 'machine') return machineHosts(publicHost, { host, port }, options);
  const own = bracketed(host);
  const names = [own, 'localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`);
  // Upstreams see the public host, through either listener.
  return createKnownHosts([...names, ...options.internalHosts], 'http:', publicHost);
}

/** The host that machines call, or that of the public address with the port of the listener; loopback always counts. */
function machineHosts(publicHost: string, { host, port }: Listening, { publicUrl, machines }: CheckedGatewayOptions) {
  const named = machines?.publicUrl === undefined ? new URL(publicUrl).hostname : undefined;
  const names = [named, bracketed(host), 'localhost', '127.0.0.1', '[::1]'].filter((name) => name !== undefined);
  const own = machines?.publicUrl === undefined ? [] : [new URL(machines.publicUrl).host];
  return createKnownHosts([...own, ...names.map((name) => `${name}:${port}`)], 'https:', publicHost);
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
