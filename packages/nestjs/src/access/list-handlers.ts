import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

export type Transport = 'HTTP' | 'WebSocket' | 'microservice' | 'GraphQL';

/** A class of handlers: a controller, a gateway, a resolver. */
export interface HandlerClass {
  readonly name: string;
  readonly prototype: object;
}

/** A method that something outside the process can call. */
export interface DiscoveredHandler {
  readonly controller: HandlerClass;
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
  ['graphql:resolve_reference', 'GraphQL'],
];

/** Finds every handler of every controller, gateway and resolver of the application. */
export function listHandlers(discovery: DiscoveryService, scanner: MetadataScanner): readonly DiscoveredHandler[] {
  return listHandlerClasses(discovery).flatMap((controller) =>
    scanner.getAllMethodNames(controller.prototype).flatMap((methodName): readonly DiscoveredHandler[] => {
      const handler: unknown = Reflect.get(controller.prototype, methodName);
      // Which type of a union a value has is asked by the driver, and answered with a name.
      if (!isMethod(handler) || methodName === '__resolveType') return [];
      const mark = handlerMarks.find(([key]) => Reflect.hasMetadata(key, handler)) ?? markOfClass(controller);
      return mark === undefined ? [] : [{ controller, handler, methodName, transport: mark[1] }];
    }),
  );
}

/** `@Resolver('Query')` on a class makes resolvers of all its methods. */
function markOfClass(controller: HandlerClass): readonly [key: string, transport: Transport] | undefined {
  const type: unknown = Reflect.getMetadata('graphql:resolver_type', controller);
  return type === 'Query' || type === 'Mutation' || type === 'Subscription' ? [type, 'GraphQL'] : undefined;
}

/** Every class whose methods Nest may take for handlers, each once although modules share it. */
export function listHandlerClasses(discovery: DiscoveryService): readonly HandlerClass[] {
  const classes = new Set<HandlerClass>();
  for (const { metatype, instance } of [...discovery.getControllers(), ...discovery.getProviders()]) {
    const known: unknown = metatype;
    if (isClass(known)) classes.add(known);
    // What a factory made: Nest looks for handlers in the object, whatever the provider says that it is.
    const made: unknown = instance;
    if (typeof made !== 'object' || made === null) continue;
    const constructor: unknown = Reflect.get(made, 'constructor');
    if (isClass(constructor) && constructor !== Object) classes.add(constructor);
  }
  return [...classes];
}

function isClass(value: unknown): value is HandlerClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

function isMethod(value: unknown): value is (...values: never[]) => unknown {
  return typeof value === 'function';
}
