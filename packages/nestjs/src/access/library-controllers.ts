import type { DiscoveryService } from '@nestjs/core';
import { declarationsOf } from './access-declaration.ts';
import { listHandlerClasses, type HandlerClass } from './list-handlers.ts';

/** The access of a controller that a library brings, whose source cannot be decorated. */
export interface LibraryController {
  /** The class, or its name where the library does not export it. */
  readonly controller: (abstract new (...values: never[]) => unknown) | string;
  /** An access decorator: `Public('…')`, `Roles('…')`, `GuardedElsewhere('by …')`. */
  readonly access: ClassDecorator;
}

/** What was declared for a class of a library; several applications of one process share it, such as in tests. */
const declared = new WeakMap<object, string>();

/**
 * Declares the access of controllers of libraries.
 *
 * @returns what does not fit: a class that the application does not have, a name that several classes have, a class that
 *   declares its access itself.
 */
export function declareLibraryControllers(
  libraries: readonly LibraryController[],
  discovery: DiscoveryService,
): readonly string[] {
  if (libraries.length === 0) return [];
  const classes = listHandlerClasses(discovery);
  return libraries.flatMap(({ controller, access }) => {
    const isMeant = (one: HandlerClass) =>
      typeof controller === 'string' ? one.name === controller : one === controller;
    const [found, ...others] = classes.filter(isMeant);
    const problem = found === undefined ? unknownClass : others.length > 0 ? severalClasses : declareOn(found, access);
    const name = typeof controller === 'string' ? controller : controller.name;
    return problem === undefined ? [] : [`libraryControllers names ${name}, ${problem}`];
  });
}

const unknownClass = 'which is no class of this application: remove it';
const severalClasses = 'and several classes have that name: give the class itself';

function declareOn(controller: HandlerClass, access: ClassDecorator): string | undefined {
  const meant = meaningOf(access);
  if (meant === '[]') return 'with an access that is none: give Public(…), Roles(…) or another access decorator';
  const before = declared.get(controller);
  if (before !== undefined) return before === meant ? undefined : 'which was declared in another way in this process';
  if (declarationsOf(controller).length > 0) return 'which declares its access itself: remove it';
  access(controller as never); // A class decorator takes any class.
  declared.set(controller, meant);
  return undefined;
}

/** What a decorator declares, as text. */
function meaningOf(access: ClassDecorator): string {
  class Probe {}
  access(Probe);
  return JSON.stringify(declarationsOf(Probe));
}
