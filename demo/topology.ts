import type { RouteAccess } from '@sallyport/core';

/** A zone or a service of the demo: what stands behind the gateway, at which path, and who may pass. */
export interface Upstream {
  readonly name: string;
  /** A `service` is an API; the `shell` is the Next.js application at the root, a `zone` one at a path of its own. */
  readonly kind: 'service' | 'shell' | 'zone';
  /** Relative to the root of the repository. */
  readonly folder: string;
  /** Path at the gateway. */
  readonly mount: string;
  readonly audience: string;
  readonly access: RouteAccess;
  /** Audiences that may call it for their users; every zone unless said. */
  readonly callers?: readonly string[];
  /** Permissions that its tokens carry, where the caller has them. */
  readonly permissions: readonly string[];
  /** Port in its image; `npm start` picks a free one. */
  readonly port: number;
  /** Stands beside its address when `npm start` is ready. */
  readonly summary: string;
}

/**
 * Every zone and service of the demo. Processes, builds, routes, addresses and tests are made from this list: another zone
 * is a folder below `apps/zones` and a row here.
 */
const rows = [
  {
    name: 'shop',
    kind: 'service',
    folder: 'examples/shop',
    mount: '/api/shop',
    audience: 'shop',
    access: 'signed-in',
    callers: ['shell', 'orders'],
    permissions: ['product:*'],
    port: 4001,
    summary: 'NestJS: products, with Swagger UI at /api/shop/docs',
  },
  {
    name: 'orders',
    kind: 'service',
    folder: 'examples/orders',
    mount: '/api/orders',
    audience: 'orders',
    access: 'signed-in',
    // Its own, and those that it needs at the shop: what it asks there says no more than its token.
    permissions: ['order:*', 'payout:*', 'product:*'],
    port: 4004,
    summary: 'NestJS: carts, orders and payments, with Swagger UI at /api/orders/docs',
  },
  {
    name: 'shell',
    kind: 'shell',
    folder: 'apps/shell',
    mount: '/',
    audience: 'shell',
    access: 'optional',
    permissions: ['*'],
    port: 4002,
    summary: 'Next.js: home, products, cart, orders, behind the door',
  },
  {
    name: 'account',
    kind: 'zone',
    folder: 'apps/zones/account',
    mount: '/account',
    audience: 'account',
    access: 'signed-in',
    permissions: ['*'],
    port: 4003,
    summary: 'Next.js zone: account and active sessions',
  },
] as const satisfies readonly Upstream[];

export type UpstreamName = (typeof rows)[number]['name'];

/** The zones and services of the demo, in the order in which they are shown. */
export const topology: readonly (Upstream & { readonly name: UpstreamName })[] = rows;

/** Variable that holds where an upstream is, when it is not on this machine at the port of its row. */
export function upstreamVariable(name: UpstreamName): string {
  return `UPSTREAM_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The variables of all upstreams, each with its origin. */
export function upstreamVariables(originOf: (name: UpstreamName) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(topology.map(({ name }) => [upstreamVariable(name), originOf(name)]));
}
