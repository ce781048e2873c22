import type { CredentialKind, StepUp } from '@sallyport/core';
import type { PolicyCheck } from '../policy/policy-check.ts';

/** What one decorator declares. Several on the same target add up. */
export type AccessDeclaration =
  | { readonly kind: 'public'; readonly reason: string }
  | { readonly kind: 'optional' }
  | { readonly kind: 'elsewhere'; readonly by: string }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'services' }
  | { readonly kind: 'roles'; readonly roles: readonly string[] }
  | { readonly kind: 'permissions'; readonly permissions: readonly string[] }
  | { readonly kind: 'any-permission'; readonly permissions: readonly string[] }
  | { readonly kind: 'org-member' }
  | { readonly kind: 'org-roles'; readonly roles: readonly string[] }
  | { readonly kind: 'accepts'; readonly credentials: readonly CredentialKind[] }
  | { readonly kind: 'mutual-tls'; readonly use: 'alone' | 'with-token' }
  | { readonly kind: 'step-up'; readonly stepUp: StepUp }
  | { readonly kind: 'policy'; readonly check: PolicyCheck };

/** Registered: a class may be decorated by the CommonJS build of this package and read by its ES modules. */
const declarationsKey = Symbol.for('@sallyport/nestjs:access-declarations');

/** What is declared on a class, including the classes that it extends, or on a method. */
export function declarationsOf(target: object): readonly AccessDeclaration[] {
  const declarations: AccessDeclaration[] = [];
  for (let owner: object | null = target; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
    declarations.push(...ownDeclarations(owner));
  }
  return declarations;
}

/** Declares access on a class or a method. */
export function addDeclaration(owner: object, declaration: AccessDeclaration): void {
  Reflect.defineMetadata(declarationsKey, [...ownDeclarations(owner), declaration], owner);
}

function ownDeclarations(owner: object): readonly AccessDeclaration[] {
  // Only `addDeclaration` writes under this symbol.
  return (Reflect.getOwnMetadata(declarationsKey, owner) as readonly AccessDeclaration[] | undefined) ?? [];
}
