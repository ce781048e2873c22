import type { DiscoveryService } from '@nestjs/core';
import { isObject, memberOf } from '../transports/guarded-transport.ts';

/** The name under which `GraphQLModule` provides its options. */
const optionsToken = 'GqlModuleOptions';

/** The options of every `GraphQLModule` of the application, as far as they are known by now. */
export function findGraphqlOptions(discovery: DiscoveryService): readonly object[] {
  return discovery
    .getProviders()
    .filter(({ token }) => token === optionsToken)
    .map(({ instance }): unknown => instance)
    .filter(isObject);
}

/** Whether Nest runs enhancers of a kind on the fields of a schema. */
export function runsOnFields(options: object, kind: 'guards' | 'interceptors'): boolean {
  const enhancers = memberOf(options, 'fieldResolverEnhancers');
  return Array.isArray(enhancers) && enhancers.includes(kind);
}

/**
 * What decides about connections for subscriptions: of graphql-ws with Apollo, of Mercurius. `undefined` where a schema is
 * served over HTTP alone; an empty object where it is served over WebSockets and nothing decides.
 */
export function subscriptionHooksOf(options: object): object | undefined {
  const apollo = memberOf(options, 'subscriptions');
  if (isObject(apollo)) return objectOf(memberOf(apollo, 'graphql-ws'));
  if (memberOf(options, 'installSubscriptionHandlers') === true) return {};
  const mercurius = memberOf(options, 'subscription');
  return mercurius === undefined || mercurius === false ? undefined : objectOf(mercurius);
}

function objectOf(value: unknown): object {
  return isObject(value) ? value : {};
}
