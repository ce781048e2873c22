import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

export type Transport = 'HTTP' | 'WebSocket' | 'microservice' | 'GraphQL';

/** A method that something outside the process can call. */
export interface DiscoveredHandler {
  readonly controller: { readonly name: string; readonly prototype: object };
  readonly handler: (...values: never[]) => unknown;
  readonly methodName: string;
  readonly transport: Transport;
}

/**
 * The metadata by which Nest itself recognises a handler. Names, not imports: the packages of the other transports are
 * not ours to depend on, and these names are the same in Nest 11 and 12.
 */
const handlerMarks: readonly (readonly [key: string, transport: Transport])[] = [
  ['path', 'HTTP'],
  ['websockets:message_mapping', 'WebSocket'],
  ['microservices:pattern', 'microservice'],
  ['graphql:resolver_type', 'GraphQL'],
  ['graphql:resolve_property', 'GraphQL'],
];

/** Finds every handler of every controller, gateway and resolver of the application. */
export function listHandlers(discovery: DiscoveryService, scanner: MetadataScanner): readonly DiscoveredHandler[] {
  const found: DiscoveredHandler[] = [];
  const seen = new Set<object>();
  for (const wrapper of [...discovery.getControllers(), ...discovery.getProviders()]) {
    const metatype: unknown = wrapper.metatype;
    // A factory or a value has no class; a class that two modules share is looked at once.
    if (!isClass(metatype) || seen.has(metatype)) continue;
    seen.add(metatype);
    for (const methodName of scanner.getAllMethodNames(metatype.prototype)) {
      const handler: unknown = Reflect.get(metatype.prototype, methodName);
      if (!isMethod(handler)) continue;
      const mark = handlerMarks.find(([key]) => Reflect.hasMetadata(key, handler));
      if (mark !== undefined) found.push({ controller: metatype, handler, methodName, transport: mark[1] });
    }
  }
  return found;
}

interface ClassLike {
  readonly name: string;
  readonly prototype: object;
}

function isClass(value: unknown): value is ClassLike {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

function isMethod(value: unknown): value is (...values: never[]) => unknown {
  return typeof value === 'function';
}
