import type { RequestAuthenticator } from '../credentials/request-authenticator.ts';
import type { TokenMint } from '../credentials/token-mint.ts';
import type { FirewallLimits } from '../firewall/canonical-request.ts';
import { createClientAddressReader } from '../firewall/client-address.ts';
import { createForwardedSchemeReader } from '../firewall/forwarded-scheme.ts';
import type { HeaderReader } from '../firewall/inbound-headers.ts';
import { createListenerHosts } from '../listeners/listener-hosts.ts';
import type { CheckedGatewayOptions } from '../gateway-options.ts';
import type { Listening } from '../listeners/listener.ts';
import type { ReadMachineCertificate } from '../machines/machine-certificates.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { DecisionParts } from './decide.ts';
import type { ListenerKind } from './request-state.ts';

export interface DecisionSources {
  readonly mint: TokenMint;
  readonly tables: Readonly<Record<ListenerKind, RouteTable>>;
  readonly authenticators: Readonly<Record<ListenerKind, readonly RequestAuthenticator[]>>;
  readonly readHeaders: HeaderReader['read'];
  /** Demands a certificate, at the listener for machines. */
  readonly readCertificate: ReadMachineCertificate;
}

/** Origins of our own pages. */
export function publicOriginsOf({ publicOrigin, hosts, isSecure }: CheckedGatewayOptions): ReadonlySet<string> {
  return new Set([publicOrigin, ...hosts.map((host) => `${isSecure ? 'https' : 'http'}://${host}`)]);
}

/** Builds the function that makes what the stages of a listener need. */
export function createDecisionPartsOf(
  options: CheckedGatewayOptions,
  { mint, tables, authenticators, readHeaders, readCertificate }: DecisionSources,
): (kind: ListenerKind, address: Listening) => DecisionParts {
  const { isSecure, trustedProxies } = options;
  const proxiesOf: Readonly<Record<ListenerKind, readonly string[]>> = {
    public: trustedProxies,
    internal: [],
    machine: options.machines?.behindProxy?.proxies ?? [],
  };
  const shared = {
    signInPath: options.pages.signIn,
    stepUpPath: options.pages.stepUp,
    limits: firewallLimitsOf(options),
    readHeaders,
    csrfTokens: options.csrfTokens,
    mint,
    publicOrigins: publicOriginsOf(options),
  };

  return (kind, address) => ({
    ...shared,
    ...createListenerHosts(kind, address, options),
    readClientAddress: createClientAddressReader(proxiesOf[kind]),
    readCertificate: kind === 'machine' ? readCertificate : undefined,
    readForwardedScheme: kind === 'public' && isSecure ? createForwardedSchemeReader(trustedProxies) : undefined,
    table: tables[kind],
    authenticators: authenticators[kind],
  });
}

function firewallLimitsOf({ limits, routes }: CheckedGatewayOptions): FirewallLimits {
  return {
    headers: limits.headers,
    headerBytes: limits.headerBytes,
    cookies: limits.cookies,
    pathParameters: routes.some((route) => route.pathParameters),
    rawPath: new Set(routes.flatMap((route) => route.rawPath)),
  };
}
