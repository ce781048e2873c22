import { zone, type ConfigInput } from '@sallyport/server/config';
import { topology, type Upstream, type UpstreamName } from './topology.ts';

type Routes = ConfigInput['routes'];

/** The routes to every zone and service. Pages of some other origins may call services with a token. */
export function demoRoutes(originOf: (name: UpstreamName) => string, tokenOrigins: readonly string[]): Routes {
  const cors = tokenOrigins.length === 0 ? {} : { cors: { origins: [...tokenOrigins] } };
  return topology.flatMap((upstream) =>
    routesTo(upstream, originOf(upstream.name)).map((route) =>
      upstream.kind === 'service' ? { ...route, ...cors } : route,
    ),
  );
}

function routesTo({ name, kind, mount, audience, access, permissions }: Upstream, upstream: string): Routes {
  const rest = { upstream, audience, access, permissions: [...permissions] };
  if (kind === 'service')
    return [{ ...rest, name, prefix: mount, stripPrefix: true, credentials: ['session', 'bearer', 'api-key'] }];
  return [...zone(name, { ...rest, mount })];
}
