import { routeSchema, type RouteInput } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { credentialsOfRoute, methodsOfRoute } from './accepted-by-route.ts';

const acceptedBy = (change: Partial<RouteInput>) => {
  const base = { name: 'a', prefix: '/a', upstream: 'http://127.0.0.1:9', audience: 'a', access: 'signed-in' } as const;
  const route = routeSchema.parse({ ...base, ...change });
  return { methods: methodsOfRoute(route), credentials: credentialsOfRoute(route) };
};
const webhook = { secret: 'billing' };

describe('what a route accepts', () => {
  it.each<{ name: string; change: Partial<RouteInput>; accepted: ReturnType<typeof acceptedBy> }>([
    {
      name: 'any method and the session, where nothing is said',
      change: {},
      accepted: { methods: undefined, credentials: ['session'] },
    },
    {
      name: 'what it names',
      change: { methods: ['GET'], credentials: ['bearer', 'api-key'] },
      accepted: { methods: ['GET'], credentials: ['bearer', 'api-key'] },
    },
    {
      name: 'POST and the signature, where it takes webhooks',
      change: { access: 'service', webhook },
      accepted: { methods: ['POST'], credentials: ['webhook'] },
    },
    {
      name: 'the methods that it names, where it takes webhooks',
      change: { access: 'service', webhook, methods: ['PUT'] },
      accepted: { methods: ['PUT'], credentials: ['webhook'] },
    },
  ])('is $name', ({ change, accepted }) => {
    expect(acceptedBy(change)).toEqual(accepted);
  });
});
