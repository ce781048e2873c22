import type { ApplicationConfig } from '@nestjs/core';
import type { DiscoveredHandler } from './list-handlers.ts';

/** Where Nest keeps the enhancers of a class or a method. The same in Nest 11 and 12. */
const keys = { guards: '__guards__', interceptors: '__interceptors__' } as const;

/** What runs before a handler, as classes or objects: what is bound to it, to its class, or to the whole application. */
export function enhancersOf(
  kind: 'guards' | 'interceptors',
  { handler, controller }: Pick<DiscoveredHandler, 'handler' | 'controller'>,
  config: ApplicationConfig,
): readonly unknown[] {
  return [...globalEnhancers(kind, config), ...boundTo(controller, kind), ...boundTo(handler, kind)];
}

function globalEnhancers(kind: 'guards' | 'interceptors', config: ApplicationConfig): readonly unknown[] {
  const [instances, perRequest] =
    kind === 'guards'
      ? [config.getGlobalGuards(), config.getGlobalRequestGuards()]
      : [config.getGlobalInterceptors(), config.getGlobalRequestInterceptors()];
  return [...instances, ...perRequest.map(({ metatype }) => metatype)];
}

function boundTo(target: object, kind: 'guards' | 'interceptors'): readonly unknown[] {
  const bound: unknown = Reflect.getMetadata(keys[kind], target);
  return Array.isArray(bound) ? bound : [];
}

/**
 * Whether an enhancer is of a class with this name, or extends one, and leaves a method as that class has it. By name: the
 * packages of these classes are not ours to depend on.
 */
export function isUnchanged(enhancer: unknown, className: string, method: string): boolean {
  let prototype: unknown = typeof enhancer === 'function' ? enhancer.prototype : enhancer;
  while (typeof prototype === 'object' && prototype !== null) {
    const constructor: unknown = Reflect.get(prototype, 'constructor');
    const isNamed = typeof constructor === 'function' && constructor.name === className;
    // An object has its class's `constructor` too, and inherits the method as it is.
    if (isNamed && Object.hasOwn(prototype, 'constructor')) return true;
    if (Object.hasOwn(prototype, method)) return false;
    prototype = Reflect.getPrototypeOf(prototype);
  }
  return false;
}
