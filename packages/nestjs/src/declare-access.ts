import type { StepUp as StepUpRequirement } from '@sallyport/core';

/** What one decorator declares. Several on the same target add up. */
export type AccessDeclaration =
  | { readonly kind: 'public'; readonly reason: string }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'roles'; readonly roles: readonly string[] }
  | { readonly kind: 'permissions'; readonly permissions: readonly string[] }
  | { readonly kind: 'step-up'; readonly stepUp: StepUpRequirement };

/** Registered: a class may be decorated by the CommonJS build of this package and read by its ES modules. */
const declarationsKey = Symbol.for('@sallyport/nestjs:access-declarations');

/**
 * Opens a handler, or every handler of a controller, to anonymous callers. On a handler it sets aside what its
 * controller asks for. A token that does not hold is ignored here: the caller is then anonymous.
 *
 * @param reason why this may be open; for the reviewer, and for the list of routes. An empty one stops the start.
 */
export function Public(reason: string): ClassDecorator & MethodDecorator {
  return declare({ kind: 'public', reason });
}

/** Asks for a caller that the gateway knows, with any role. */
export function Authenticated(): ClassDecorator & MethodDecorator {
  return declare({ kind: 'authenticated' });
}

/** Asks for one of these roles. Adds to what the controller asks for. */
export function Roles(...roles: readonly string[]): ClassDecorator & MethodDecorator {
  return declare({ kind: 'roles', roles });
}

/** Asks for all of these permissions, such as `product:create`. Adds to what the controller asks for. */
export function Permissions(...permissions: readonly string[]): ClassDecorator & MethodDecorator {
  return declare({ kind: 'permissions', permissions });
}

/**
 * Asks for a sign-in of at least this strength, and not older than this: `@StepUp({ acr: 'mfa', maxAgeSeconds: 300 })`.
 * Refused with `SP_STEP_UP_REQUIRED` and the challenge of RFC 9470. It says nothing about who may call: `@Permissions`,
 * `@Roles` or `@Authenticated` must stand beside it, on the handler or on its controller.
 */
export function StepUp(stepUp: StepUpRequirement): ClassDecorator & MethodDecorator {
  return declare({ kind: 'step-up', stepUp });
}

/** What is declared on a class, including the classes that it extends, or on a method. */
export function declarationsOf(target: object): readonly AccessDeclaration[] {
  const declarations: AccessDeclaration[] = [];
  for (let owner: object | null = target; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
    declarations.push(...ownDeclarations(owner));
  }
  return declarations;
}

function declare(declaration: AccessDeclaration): ClassDecorator & MethodDecorator {
  return (target: object, _name?: string | symbol, descriptor?: { readonly value?: unknown }) => {
    const owner = typeof descriptor?.value === 'function' ? descriptor.value : target;
    Reflect.defineMetadata(declarationsKey, [...ownDeclarations(owner), declaration], owner);
  };
}

function ownDeclarations(owner: object): readonly AccessDeclaration[] {
  // Only `declare` writes under this symbol.
  return (Reflect.getOwnMetadata(declarationsKey, owner) as readonly AccessDeclaration[] | undefined) ?? [];
}
