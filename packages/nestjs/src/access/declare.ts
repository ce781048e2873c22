import type { CanActivate, Type } from '@nestjs/common';
import { SallyportGuard } from '../guard/sallyport-guard.ts';
import { addDeclaration, type AccessDeclaration } from './access-declaration.ts';
import { noteDecorated } from './lost-decorators.ts';

/** Where `@UseGuards` of Nest keeps the guards of a class or a method. The same in Nest 11 and 12. */
const guardsKey = '__guards__';

/**
 * Declares, and binds the guard to the same target: a global guard does not reach the message handlers of a hybrid
 * application that was connected without `inheritAppConfig`. Where both run, the second finds what the first found out.
 *
 * @param others guards that run after ours: they ask for what it found out.
 */
export function declare(
  declaration: AccessDeclaration,
  ...others: readonly Type<CanActivate>[]
): ClassDecorator & MethodDecorator {
  return (target: object, name?: string | symbol, descriptor?: { readonly value?: unknown }) => {
    const owner = typeof descriptor?.value === 'function' ? descriptor.value : target;
    addDeclaration(owner, declaration);
    if (owner !== target && name !== undefined) noteDecorated(target, name, owner);
    for (const guard of [SallyportGuard, ...others]) bindGuard(owner, guard);
  };
}

function bindGuard(owner: object, guard: Type<CanActivate>): void {
  const bound = (Reflect.getMetadata(guardsKey, owner) ?? []) as readonly unknown[]; // As Nest writes it.
  if (!bound.includes(guard)) Reflect.defineMetadata(guardsKey, [...bound, guard], owner);
}
