import type { ApplicationConfig, DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import { memberOf } from '../transports/guarded-transport.ts';
import { enhancersOf, isUnchanged } from './enhancers.ts';
import type { DiscoveredHandler } from './list-handlers.ts';

/** Under which `@nestjs/throttler` provides its options. */
const throttlerOptions = 'THROTTLER:MODULE_OPTIONS';

/** Whether a throttler counts by `req.ip`, which behind a gateway is the address of the gateway for every user. */
export function countsGatewayAsClient(
  handlers: readonly DiscoveredHandler[],
  discovery: DiscoveryService,
  config: ApplicationConfig,
  { httpAdapter }: HttpAdapterHost,
): boolean {
  const isLimited = handlers.some((discovered) =>
    enhancersOf('guards', discovered, config).some((guard) => isUnchanged(guard, 'ThrottlerGuard', 'getTracker')),
  );
  return isLimited && !hasTracker(discovery) && !trustsProxy(httpAdapter);
}

function hasTracker(discovery: DiscoveryService): boolean {
  const options: unknown = discovery.getProviders().find(({ token }) => token === throttlerOptions)?.instance;
  if (memberOf(options, 'getTracker') !== undefined) return true;
  const throttlers: unknown = Array.isArray(options) ? options : memberOf(options, 'throttlers');
  return Array.isArray(throttlers) && throttlers.every((one) => memberOf(one, 'getTracker') !== undefined);
}

/** Then `req.ip` is what the gateway says of its client. */
function trustsProxy(adapter: HttpAdapterHost['httpAdapter'] | undefined): boolean {
  if (adapter === undefined) return false;
  const instance: unknown = adapter.getInstance();
  if (adapter.getType() === 'fastify') return Boolean(memberOf(memberOf(instance, 'initialConfig'), 'trustProxy'));
  const read = memberOf(instance, 'get');
  return typeof read === 'function' && Boolean(read.call(instance, 'trust proxy'));
}
