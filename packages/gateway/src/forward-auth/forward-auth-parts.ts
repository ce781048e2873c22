import type { ReadCookieHeader } from '../credentials/session-cookie-reader.ts';
import { createClientAddressReader } from '../firewall/client-address.ts';
import { createForwardedSchemeReader } from '../firewall/forwarded-scheme.ts';
import type { CheckedGatewayOptions } from '../gateway-options.ts';
import type { HandleRequestParts } from '../pipeline/handle-request.ts';
import type { Mount } from '../routing/mount.ts';
import { createRouteTable, type LimitsOf, type ResourceOf } from '../routing/route-table.ts';
import { createAllowance, servedByTheGateway } from './allowance.ts';
import type { ForwardAuthParts } from './forward-auth-handler.ts';

export interface ForwardAuthSources {
  /** Those of the public listener. */
  readonly publicParts: HandleRequestParts;
  readonly mounts: readonly Mount[];
  readonly limitsOf: LimitsOf;
  readonly resourceOf: ResourceOf;
  readonly readCookies: ReadCookieHeader;
}

/** Makes what the forward auth listener needs of what the public listener has. */
export function toForwardAuthParts(
  options: CheckedGatewayOptions,
  proxies: readonly string[],
  { publicParts, mounts, limitsOf, resourceOf, readCookies }: ForwardAuthSources,
): ForwardAuthParts {
  // A client may have come to that proxy through others that are declared.
  const hops = [...proxies, ...options.trustedProxies];
  const credentialHeaders = options.authenticators.flatMap(({ headers = [] }) => headers);
  return {
    ...publicParts,
    proxies,
    protocol: options.isSecure ? 'https' : 'http',
    strictTransport: undefined,
    forwarder: createAllowance({ readCookies }),
    forwarderForEnvoy: createAllowance({ readCookies, namesHeadersToRemove: true, credentialHeaders }),
    decision: {
      ...publicParts.decision,
      readClientAddress: createClientAddressReader(hops),
      readForwardedScheme: options.isSecure ? createForwardedSchemeReader(hops) : undefined,
      // The proxy answers for the service, so the gateway cannot speak to scripts of other sites: nothing is shared with them.
      table: createRouteTable(
        options.routes.map((route) => ({ ...route, cors: undefined })),
        mounts.map(toUnreachable),
        limitsOf,
        undefined,
        resourceOf,
      ),
    },
  };
}

/** A mount is in front of this listener, not behind the proxy that asks. */
function toUnreachable(mount: Mount): Mount {
  return {
    ...mount,
    handle: () => {
      throw servedByTheGateway();
    },
  };
}
