import { zone, type ConfigInput } from '@sallyport/server/config';
import type { DemoEnvironment } from './demo-environment.ts';
import { topology, type Upstream } from './topology.ts';

type Routes = ConfigInput['routes'];

/**
 * The routes to every zone and service. Pages of some other origins may call services with a token, and where there is an
 * OAuth client that hosts zones, they take its tokens.
 */
export function demoRoutes({ originOf, tokenOrigins, oauthClientHosts }: DemoEnvironment): Routes {
  const cors = tokenOrigins.length === 0 ? {} : { cors: { origins: [...tokenOrigins] } };
  const hosted: Partial<Routes[number]> = oauthClientHosts.length === 0 ? {} : { credentials: ['session', 'bearer'] };
  return topology.flatMap((upstream) =>
    routesTo(upstream, originOf(upstream.name)).map((route) => {
      if (upstream.kind === 'service') return { ...route, ...cors };
      return route.access === 'public' ? route : { ...route, ...hosted };
    }),
  );
}

function routesTo({ name, kind, mount, audience, access, permissions }: Upstream, upstream: string): Routes {
  const rest = { upstream, audience, access, permissions: [...permissions] };
  if (kind === 'service')
    return [{ ...rest, name, prefix: mount, stripPrefix: true, credentials: ['session', 'bearer', 'api-key'] }];
  return [...zone(name, { ...rest, mount })];
}
