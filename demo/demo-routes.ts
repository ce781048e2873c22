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

/** The name of the secret that the payment provider signs with, and of the route on which it tells of payments. */
const payments = 'payments';

/** The route of the payment provider, where its secret is there: `npm start` makes one, a command needs none. */
export function paymentRoutes({ originOf }: DemoEnvironment, webhookSecrets = ''): Routes {
  if (!new RegExp(`(?:^|\\s)${payments}=`).test(webhookSecrets)) return [];
  return [
    {
      name: payments,
      prefix: '/webhooks/payments',
      upstream: originOf('orders'),
      audience: 'orders',
      access: 'service',
      webhook: { secret: payments },
    },
  ];
}

function routesTo({ name, kind, mount, audience, access, permissions, callers }: Upstream, upstream: string): Routes {
  const listed = callers === undefined ? {} : { callers: [...callers] };
  const rest = { upstream, audience, access, permissions: [...permissions], ...listed };
  if (kind === 'service')
    return [{ ...rest, name, prefix: mount, stripPrefix: true, credentials: ['session', 'bearer', 'api-key'] }];
  return [...zone(name, { ...rest, mount })];
}
