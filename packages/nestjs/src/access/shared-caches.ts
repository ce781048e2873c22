import { RequestMethod } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { enhancersOf, isUnchanged } from './enhancers.ts';
import { policyUsesOf } from '../policy/policy-uses.ts';
import type { DiscoveredHandler } from './list-handlers.ts';
import { accessOf } from './resolve-access.ts';

/** Where `@nestjs/cache-manager` keeps what `@CacheKey` says. */
const cacheKeyMark = 'cache_module:cache_key';

/**
 * Names guarded handlers whose answers a cache would share among callers: `CacheInterceptor` keys them by URL alone. A key
 * that the application computes itself is its own decision.
 */
export function problemsOfCaching(
  handlers: readonly DiscoveredHandler[],
  config: ApplicationConfig,
): readonly string[] {
  return handlers.flatMap((discovered) => {
    const { handler, controller, methodName } = discovered;
    const { kind } = accessOf(handler, controller);
    // What the policy filters or masks differs by caller, also where everyone may call.
    const isOneForAll = kind !== 'guarded' && kind !== 'optional' && policyUsesOf(handler).length === 0;
    if (isOneForAll || !isCached(discovered)) return [];
    const isShared = enhancersOf('interceptors', discovered, config).some((interceptor) =>
      isUnchanged(interceptor, 'CacheInterceptor', 'trackBy'),
    );
    return isShared ? [`${controller.name}.${methodName}: ${advice}`] : [];
  });
}

const advice =
  'CacheInterceptor would give one caller the answer of another, because it keys by URL. Extend it with a trackBy that adds the id of callerOf(request), or, where every caller gets the same answer, say so: @CacheKey(() => "orders")';

/** It caches GET, and whatever has a fixed key. */
function isCached({ handler, transport }: DiscoveredHandler): boolean {
  const key: unknown = Reflect.getMetadata(cacheKeyMark, handler);
  if (key !== undefined) return typeof key !== 'function';
  return transport === 'HTTP' && Reflect.getMetadata('method', handler) === RequestMethod.GET;
}
