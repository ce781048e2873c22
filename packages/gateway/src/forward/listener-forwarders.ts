import type { ReadCookieHeader } from '../credentials/session-cookie-reader.ts';
import { createKnownHosts } from '../firewall/known-hosts.ts';
import type { CheckedGatewayOptions } from '../gateway-options.ts';
import type { ListenerKind } from '../pipeline/request-state.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { StreamRegister } from '../streams/stream-register.ts';
import type { SlowClients } from '../limits/slow-clients.ts';
import type { TokenBindingParts } from './bind-token.ts';
import { createForwarder, type Forwarder, type TunnelCap } from './forward.ts';
import { createIdleAnswers } from './idle-answers.ts';
import { createUpstreamMeasures } from './upstream-measures.ts';
import type { UpstreamPlan } from './upstreams.ts';
import type { WebhookParts } from './webhook-transfer.ts';

export interface ListenerForwardersParts {
  readonly tables: Readonly<Record<ListenerKind, RouteTable>>;
  readonly upstreams: UpstreamPlan;
  readonly readCookies: ReadCookieHeader;
  readonly webhooks: WebhookParts | undefined;
  readonly binding: TokenBindingParts;
}

/** What forwarders keep across reloads. */
export interface ForwardersState {
  readonly streams: StreamRegister;
  readonly tunnels: TunnelCap;
  readonly slowClients: SlowClients;
}

/** Builds the forwarders of all listeners: they share upstreams, streams and the cap on tunnels. */
export function createListenerForwarders(
  options: CheckedGatewayOptions,
  { streams, tunnels, slowClients }: ForwardersState,
  { tables, upstreams, readCookies, webhooks, binding }: ListenerForwardersParts,
): Readonly<Record<ListenerKind, Forwarder>> {
  const shared = {
    upstreams,
    streams,
    tunnels,
    slowClients,
    idleAnswers: createIdleAnswers(),
    readCookies,
    webhooks,
    binding,
    measuresOf: createUpstreamMeasures(options.meter),
    protocol: options.isSecure ? 'https' : 'http',
    publicOrigin: options.publicOrigin,
    isServed: createServedOrigins(options),
    bodyBytes: options.limits.bodyBytes,
  } as const;
  return {
    public: createForwarder(tables.public.routes, { ...shared, strictTransport: options.strictTransport }),
    internal: createForwarder(tables.internal.routes, { ...shared, strictTransport: undefined }),
    machine: createForwarder(tables.machine.routes, { ...shared, strictTransport: undefined }),
  };
}

function createServedOrigins({ publicUrl, hosts, isSecure }: CheckedGatewayOptions): (origin: string) => boolean {
  const protocol = isSecure ? 'https:' : 'http:';
  const known = createKnownHosts([new URL(publicUrl).host, ...hosts], protocol);
  return (origin) => {
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    return url.protocol === protocol && typeof known.find(url.host) === 'object';
  };
}
