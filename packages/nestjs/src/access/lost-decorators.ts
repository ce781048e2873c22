import { policyUsesOf } from '../policy/policy-uses.ts';
import { declarationsOf } from './access-declaration.ts';
import type { DiscoveredHandler } from './list-handlers.ts';

/** Registered: a class may be decorated by the CommonJS build of this package and read by its ES modules. */
const decoratedKey = Symbol.for('@sallyport/nestjs:decorated-methods');

type Decorated = ReadonlyMap<string | symbol, ReadonlySet<object>>;

/** Notes which function a decorator of ours was put on: another decorator may replace it by one that knows nothing of it. */
export function noteDecorated(prototype: object, name: string | symbol, handler: object): void {
  const noted = decoratedOf(prototype);
  const functions = new Set([...(noted.get(name) ?? []), handler]);
  Reflect.defineMetadata(decoratedKey, new Map([...noted, [name, functions]]), prototype);
}

/** Says what a handler does not do, although it is written above it: nothing else would tell, and the handler would answer. */
export function problemsOfLostDecorators({ controller, handler, methodName }: DiscoveredHandler): readonly string[] {
  const functions = [...(decoratedOf(ownerOf(controller.prototype, methodName)).get(methodName) ?? [])];
  const isKept = (one: object): boolean =>
    includesAll(declarationsOf(handler), declarationsOf(one)) && masks(handler, one);
  if (functions.every((one) => one === handler || isKept(one))) return [];
  return [
    `${controller.name}.${methodName} has lost decorators of Sallyport: another decorator above them replaces the method. Write them above that one`,
  ];
}

function masks(handler: object, decorated: object): boolean {
  const isMask = ({ kind }: { readonly kind: string }): boolean => kind === 'mask';
  return includesAll(policyUsesOf(handler).filter(isMask), policyUsesOf(decorated).filter(isMask));
}

function includesAll(all: readonly unknown[], some: readonly unknown[]): boolean {
  return some.every((one) => all.includes(one));
}

/** A class that overrides a method of the one that it extends takes nothing of its decorators along, as in Nest. */
function ownerOf(prototype: object, name: string): object {
  let owner: object | null = prototype;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Reflect.getPrototypeOf(owner);
  return owner ?? prototype;
}

function decoratedOf(prototype: object): Decorated {
  // Only `noteDecorated` writes under this symbol.
  return (Reflect.getOwnMetadata(decoratedKey, prototype) as Decorated | undefined) ?? new Map();
}
