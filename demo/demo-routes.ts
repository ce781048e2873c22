import type { ConfigInput } from '@sallyport/server';
import { topology, type Upstream, type UpstreamName } from './topology.ts';

type Routes = ConfigInput['routes'];

/** The routes to every zone and service. */
export function demoRoutes(originOf: (name: UpstreamName) => string): Routes {
  return topology.flatMap((upstream) => routesTo(upstream, originOf(upstream.name)));
}

function routesTo({ name, kind, mount, audience, access, permissions }: Upstream, upstream: string): Routes {
  const route = { name, prefix: mount, upstream, audience, access, permissions: [...permissions] };
  if (kind === 'service') return [{ ...route, stripPrefix: true }];
  // As withZone() lays them out.
  const assets = kind === 'shell' ? '/_next' : `/_zones/${name}`;
  return [
    { ...route, profile: true },
    { name: `${name}-assets`, prefix: assets, upstream, audience, access: 'public', slide: false },
  ];
}
