import type { ReadCookieHeader } from '../credentials/session-cookie-reader.ts';
import type { CheckedGatewayOptions } from '../gateway-options.ts';
import type { ListenerKind } from '../pipeline/request-state.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { StreamRegister } from '../streams/stream-register.ts';
import { createForwarder, type Forwarder, type TunnelCap } from './forward.ts';
import { createUpstreamMeasures } from './upstream-measures.ts';
import type { UpstreamPlan } from './upstreams.ts';

export interface ListenerForwardersParts {
  readonly tables: Readonly<Record<ListenerKind, RouteTable>>;
  readonly upstreams: UpstreamPlan;
  readonly readCookies: ReadCookieHeader;
}

/** Builds the forwarders of both listeners: they share upstreams, streams and the cap on tunnels. */
export function createListenerForwarders(
  options: CheckedGatewayOptions,
  { streams, tunnels }: { readonly streams: StreamRegister; readonly tunnels: TunnelCap },
  { tables, upstreams, readCookies }: ListenerForwardersParts,
): Readonly<Record<ListenerKind, Forwarder>> {
  const shared = {
    upstreams,
    streams,
    tunnels,
    readCookies,
    measuresOf: createUpstreamMeasures(options.meter),
    protocol: options.isSecure ? 'https' : 'http',
    publicOrigin: options.publicOrigin,
    bodyBytes: options.limits.bodyBytes,
  } as const;
  return {
    public: createForwarder(tables.public.routes, { ...shared, strictTransport: options.strictTransport }),
    internal: createForwarder(tables.internal.routes, { ...shared, strictTransport: undefined }),
  };
}
