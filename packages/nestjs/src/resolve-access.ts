import { isPermission, type Requirement, type StepUp } from '@sallyport/core';
import { declarationsOf, type AccessDeclaration } from './declare-access.ts';

/** What a handler asks of its caller, after its own declarations and those of its controller were put together. */
export type Access =
  | { readonly kind: 'public'; readonly reason: string }
  | { readonly kind: 'guarded'; readonly requirements: readonly Requirement[]; readonly stepUps: readonly StepUp[] }
  | { readonly kind: 'undeclared' }
  | { readonly kind: 'contradictory'; readonly problems: readonly string[] };

/**
 * Puts the declarations of a handler and of its controller together.
 *
 * A handler adds to its controller and never takes away, save that `@Public` on a handler opens just that handler.
 * Whatever cannot be meant (public and guarded at once, an empty list, an empty reason) is contradictory, and closed.
 */
export function resolveAccess(handler: object, controller: object): Access {
  const onHandler = declarationsOf(handler);
  const onController = declarationsOf(controller);
  const problems = [...problemsOf(onHandler, 'the handler'), ...problemsOf(onController, 'the controller')];
  if (problems.length > 0) return { kind: 'contradictory', problems };

  const opened = onHandler.find((declaration) => declaration.kind === 'public');
  if (opened !== undefined) return { kind: 'public', reason: opened.reason };

  // A handler that asks for something inside a public controller is guarded: the stricter reading wins.
  const guarding = [...onController, ...onHandler].filter((declaration) => declaration.kind !== 'public');
  // The strength of a sign-in says nothing about the caller's permissions: a step-up alone declares no access.
  if (guarding.some((declaration) => declaration.kind !== 'step-up'))
    return { kind: 'guarded', requirements: toRequirements(guarding), stepUps: toStepUps(guarding) };
  if (guarding.length > 0) return { kind: 'undeclared' };

  const openedByController = onController.find((declaration) => declaration.kind === 'public');
  if (openedByController !== undefined) return { kind: 'public', reason: openedByController.reason };
  return { kind: 'undeclared' };
}

function problemsOf(declarations: readonly AccessDeclaration[], target: string): readonly string[] {
  const problems: string[] = [];
  const isOpen = declarations.some((declaration) => declaration.kind === 'public');
  if (isOpen && declarations.some((declaration) => declaration.kind !== 'public')) {
    problems.push(`${target} is @Public and guarded at once: keep one`);
  }
  for (const declaration of declarations) {
    if (declaration.kind === 'public' && !isWritten(declaration.reason)) {
      problems.push(`@Public on ${target} needs a reason: @Public('health check of the load balancer')`);
    }
    if (declaration.kind === 'roles' && (declaration.roles.length === 0 || !declaration.roles.every(isWritten))) {
      problems.push(`@Roles on ${target} needs at least one role, and no empty one`);
    }
    if (declaration.kind === 'step-up') problems.push(...problemsOfStepUp(declaration.stepUp, target));
    if (declaration.kind === 'permissions') {
      if (declaration.permissions.length === 0)
        problems.push(`@Permissions on ${target} needs at least one permission`);
      for (const permission of declaration.permissions) {
        if (!isPermission(permission)) {
          problems.push(`@Permissions on ${target} names "${permission}": write resource:action`);
        }
      }
    }
  }
  return problems;
}

function problemsOfStepUp({ acr, maxAgeSeconds }: StepUp, target: string): readonly string[] {
  if (acr === undefined && maxAgeSeconds === undefined)
    return [`@StepUp on ${target} asks for nothing: name acr or maxAgeSeconds`];
  const isAge = maxAgeSeconds === undefined || (Number.isInteger(maxAgeSeconds) && maxAgeSeconds > 0);
  return isAge ? [] : [`@StepUp on ${target} needs a whole number of seconds above 0`];
}

function isWritten(text: string): boolean {
  return typeof text === 'string' && text.trim() !== '';
}

function toRequirements(declarations: readonly AccessDeclaration[]): readonly Requirement[] {
  return declarations.flatMap((declaration): readonly Requirement[] => {
    if (declaration.kind === 'roles') return [{ roles: declaration.roles }];
    if (declaration.kind === 'permissions') return [{ permissions: declaration.permissions }];
    return [];
  });
}

function toStepUps(declarations: readonly AccessDeclaration[]): readonly StepUp[] {
  return declarations.flatMap((declaration) => (declaration.kind === 'step-up' ? [declaration.stepUp] : []));
}
