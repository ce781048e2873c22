import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, MetadataScanner, ModulesContainer, NestFactory } from '@nestjs/core';
import { createHttpPaths, type HttpPathsOf } from './http-paths.ts';
import { listHandlers, type DiscoveredHandler, type Transport } from './list-handlers.ts';
import { policiesOf, resolveAccess, type Access } from './resolve-access.ts';

/** A handler of a service, and what it asks of its caller. */
export interface ServiceRoute {
  readonly transport: Transport;
  /** `GET /orders/:id`, `query order`, the pattern of a message. */
  readonly route: string;
  /** Class and method. */
  readonly handler: string;
  readonly access: Access['kind'];
  /** Why it is open, what guards it instead, or what is wrong with its declarations. */
  readonly reason?: string;
  /** Lists of roles: of each the caller holds one. */
  readonly roles: readonly (readonly string[])[];
  /** The caller holds all of these. */
  readonly permissions: readonly string[];
  /** Lists of permissions: of each the caller holds one. */
  readonly anyPermission: readonly (readonly string[])[];
  /** Whether the caller has an organization active. */
  readonly inOrganization: boolean;
  /** Lists of roles inside the active organization: of each the caller holds one. */
  readonly orgRoles: readonly (readonly string[])[];
  readonly isForServices: boolean;
  /** Kinds of credentials that are taken; absent for all. */
  readonly accepts?: readonly string[];
  /** How it uses client certificates; absent where it asks for none. */
  readonly mutualTls?: 'alone' | 'with-token';
  readonly stepUp?: { readonly acr?: string; readonly maxAgeSeconds?: number };
  /** What the policy is asked; absent where it is asked nothing. */
  readonly policies?: readonly { readonly action: string; readonly type: string }[];
}

/** A Nest application, or its context. */
export type ApplicationContextLike = Pick<INestApplicationContext, 'get'>;

/**
 * Lists every handler of every transport with its effective access, in a stable order, for a test that pins it or a page
 * that shows it.
 *
 * @example
 * expect(listServiceRoutes(app)).toMatchSnapshot();
 */
export function listServiceRoutes(app: ApplicationContextLike): readonly ServiceRoute[] {
  const modules = app.get(ModulesContainer, { strict: false });
  // Made here: an application that is only looked at (`preview`) has no instances of its own.
  const handlers = listHandlers(new DiscoveryService(modules), new MetadataScanner());
  const pathsOf = createHttpPaths(configOf(app), modules);
  return handlers.flatMap((handler) => toRoutes(handler, pathsOf)).sort(byRoute);
}

/** What `main.ts` would tell the application before it starts. */
export interface ServiceRoutesOptions {
  /** Of `app.setGlobalPrefix`. @default none */
  readonly globalPrefix?: string | undefined;
}

/**
 * The same of an application that is not started: nothing of it is made, nothing connects, nothing listens. Handlers that
 * would stop the start are listed as `undeclared` or `contradictory`.
 *
 * What `main.ts` sets is not known here: a prefix is given, and versions that it enables are not in the paths.
 */
export async function readServiceRoutes(
  rootModule: Type | DynamicModule,
  { globalPrefix }: ServiceRoutesOptions = {},
): Promise<readonly ServiceRoute[]> {
  const app = await NestFactory.createApplicationContext(rootModule, {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  if (globalPrefix !== undefined) configOf(app).setGlobalPrefix(globalPrefix);
  return listServiceRoutes(app);
}

function configOf(app: ApplicationContextLike): ApplicationConfig {
  return app.get(ApplicationConfig, { strict: false });
}

function toRoutes(discovered: DiscoveredHandler, pathsOf: HttpPathsOf): readonly ServiceRoute[] {
  const { handler, controller, methodName, transport } = discovered;
  const access = resolveAccess(handler, controller);
  const facts = factsOf(access);
  return routesOf(discovered, pathsOf).map((route) => ({
    transport,
    route,
    handler: `${controller.name}.${methodName}`,
    access: access.kind,
    ...facts,
  }));
}

function factsOf(access: Access): Omit<ServiceRoute, 'transport' | 'route' | 'handler' | 'access'> {
  const none = {
    roles: [],
    permissions: [],
    anyPermission: [],
    inOrganization: false,
    orgRoles: [],
    isForServices: false,
  };
  const asked = policiesOf(access).map(({ action, type }) => ({ action, type }));
  const policies = asked.length === 0 ? {} : { policies: asked };
  const accepts = 'accepts' in access && access.accepts !== undefined ? { accepts: [...access.accepts] } : {};
  switch (access.kind) {
    case 'public':
      return { ...none, reason: access.reason };
    case 'elsewhere':
      return { ...none, reason: access.by };
    case 'contradictory':
      return { ...none, reason: access.problems.join('; ') };
    case 'guarded':
      return {
        roles: access.requirements.flatMap(({ roles }) => (roles === undefined ? [] : [roles])),
        permissions: [...new Set(access.requirements.flatMap(({ permissions }) => permissions ?? []))],
        anyPermission: access.requirements.flatMap(({ anyPermission }) =>
          anyPermission === undefined ? [] : [anyPermission],
        ),
        inOrganization: access.requirements.some(({ org, orgRoles }) => org === true || orgRoles !== undefined),
        orgRoles: access.requirements.flatMap(({ orgRoles }) => (orgRoles === undefined ? [] : [orgRoles])),
        isForServices: access.isForServices,
        ...accepts,
        ...policies,
        ...(access.mutualTls === undefined ? {} : { mutualTls: access.mutualTls }),
        ...(access.stepUps.length === 0 ? {} : { stepUp: Object.assign({}, ...access.stepUps) as object }),
      };
    case 'optional':
    case 'undeclared':
      return { ...none, ...accepts, ...policies };
  }
}

function routesOf(discovered: DiscoveredHandler, pathsOf: HttpPathsOf): readonly string[] {
  const { handler, methodName, transport } = discovered;
  const read = (key: string): unknown => Reflect.getMetadata(key, handler);
  if (transport === 'HTTP') return pathsOf(discovered).map(({ method, path }) => `${method} ${path}`);
  if (transport === 'microservice') return listOf(read('microservices:pattern')).map(nameOf);
  if (transport === 'WebSocket') return [nameOf(read('message'))];
  const kind = read('graphql:resolver_type');
  const name = read('graphql:resolver_name');
  return [`${typeof kind === 'string' ? kind.toLowerCase() : 'field'} ${typeof name === 'string' ? name : methodName}`];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function nameOf(pattern: unknown): string {
  return typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
}

function byRoute(a: ServiceRoute, b: ServiceRoute): number {
  const [keyOfA, keyOfB] = [a, b].map(({ transport, route, handler }) => [
    transport,
    route.replace(/^\w+ /, ''),
    route,
    handler,
  ]);
  return JSON.stringify(keyOfA) < JSON.stringify(keyOfB) ? -1 : 1;
}
