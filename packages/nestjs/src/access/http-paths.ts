import { RequestMethod, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { DiscoveredHandler } from './list-handlers.ts';

/** An address of a handler over HTTP. */
export interface HttpPath {
  readonly method: string;
  readonly path: string;
}

/** Every address of a handler: controllers and methods may have several paths and versions, and modules a path. */
export type HttpPathsOf = (handler: DiscoveredHandler) => readonly HttpPath[];

/**
 * Builds what says where Nest puts handlers: global prefix, version in the path, path of the module (`RouterModule`),
 * of the controller and of the method.
 */
export function createHttpPaths(config: ApplicationConfig, modules: ModulesContainer): HttpPathsOf {
  const prefix = config.getGlobalPrefix();
  const versioning = config.getVersioning();
  const { exclude = [] } = config.getGlobalPrefixOptions();
  const modulePaths = modulePathsOf(modules);

  const versionsOf = (handler: object, controller: object): readonly string[] => {
    if (versioning === undefined || versioning.type !== VersioningType.URI) return [''];
    const ofController: unknown = read('__version__', controller) ?? versioning.defaultVersion;
    const versions = listOf(read('__version__', handler) || ofController);
    const mark = versioning.prefix === false ? '' : (versioning.prefix ?? 'v');
    const segments = versions.flatMap((one) => {
      if (one === VERSION_NEUTRAL) return [''];
      return typeof one === 'string' ? [mark + one] : [];
    });
    return segments.length === 0 ? [''] : segments;
  };

  return ({ handler, controller }) => {
    const number = Number(read('method', handler));
    const isExcluded = (path: string): boolean =>
      exclude.some(
        ({ pathRegex, requestMethod }) =>
          (requestMethod === RequestMethod.ALL || requestMethod === number) && pathRegex.test(path),
      );
    return product(
      versionsOf(handler, controller),
      modulePaths.get(controller) ?? [''],
      textsOf(read('path', controller)),
      textsOf(read('path', handler)),
    ).map(([version = '', ...parts]) => {
      const isOutside = isExcluded(join(...parts));
      return { method: RequestMethod[number] ?? 'ALL', path: join(isOutside ? '' : prefix, version, ...parts) };
    });
  };
}

/** Paths that `RouterModule` gives to modules, by controller. The name of the metadata is the same in Nest 11 and 12. */
function modulePathsOf(modules: ModulesContainer): ReadonlyMap<object, readonly string[]> {
  const paths = new Map<object, readonly string[]>();
  for (const { metatype, controllers } of modules.values()) {
    const own = read(`__module_path__${modules.applicationId}`, metatype) ?? read('__module_path__', metatype);
    const path = typeof own === 'string' ? own : '';
    for (const { metatype: controller } of controllers.values())
      if (typeof controller === 'function')
        paths.set(controller, [...new Set([...(paths.get(controller) ?? []), path])]);
  }
  return paths;
}

function read(key: string, target: object): unknown {
  return Reflect.getMetadata(key, target);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function textsOf(value: unknown): readonly string[] {
  const texts = listOf(value).filter((one) => typeof one === 'string');
  return texts.length === 0 ? [''] : texts;
}

function product(...lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return lists.reduce<readonly (readonly string[])[]>(
    (rows, list) => rows.flatMap((row) => list.map((one) => [...row, one])),
    [[]],
  );
}

function join(...parts: readonly string[]): string {
  const segments = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}
