import { credentialKinds, isPermission, type StepUp } from '@sallyport/core';
import type { PolicyCheck } from '../policy/policy-check.ts';
import type { AccessDeclaration } from './access-declaration.ts';

/** What opens a handler, by the decorator's name. Each excludes all others, but for what may stand beside it. */
const openingNames = { public: '@Public', optional: '@OptionalAuth', elsewhere: '@GuardedElsewhere' } as const;

const knownCredentials: ReadonlySet<unknown> = new Set(credentialKinds);

/** Says what cannot be meant about the declarations on one target, by decorator. */
export function problemsOfDeclarations(declarations: readonly AccessDeclaration[], target: string): readonly string[] {
  return [
    ...problemsOfOpening(declarations, target),
    ...declarations.flatMap((declaration) => problemsOf(declaration, target)),
    ...(declarations.filter(({ kind }) => kind === 'mutual-tls').length > 1
      ? [`@MutualTls stands twice on ${target}: keep one`]
      : []),
  ];
}

function problemsOfOpening(declarations: readonly AccessDeclaration[], target: string): readonly string[] {
  return declarations.flatMap(({ kind }) => {
    if (kind !== 'public' && kind !== 'optional' && kind !== 'elsewhere') return [];
    const others = declarations.filter((other) => other.kind !== kind && !mayStandBeside(kind, other.kind));
    return others.length === 0 ? [] : [`${target} is ${openingNames[kind]} and guarded at once: keep one`];
  });
}

/** Which credentials of a caller are taken, and what the policy says of them, is asked of callers that may be anonymous. */
function mayStandBeside(opening: AccessDeclaration['kind'], other: AccessDeclaration['kind']): boolean {
  return opening === 'optional' && (other === 'accepts' || other === 'policy');
}

function problemsOf(declaration: AccessDeclaration, target: string): readonly string[] {
  switch (declaration.kind) {
    case 'public':
      if (isWritten(declaration.reason)) return [];
      return [`@Public on ${target} needs a reason: @Public('health check of the load balancer')`];
    case 'elsewhere':
      if (isWritten(declaration.by)) return [];
      return [`@GuardedElsewhere on ${target} needs what guards it: @GuardedElsewhere('by StripeSignatureGuard')`];
    case 'roles':
      if (declaration.roles.length > 0 && declaration.roles.every(isWritten)) return [];
      return [`@Roles on ${target} needs at least one role, and no empty one`];
    case 'org-roles':
      if (declaration.roles.length > 0 && declaration.roles.every(isWritten)) return [];
      return [`@OrgRoles on ${target} needs at least one role, and no empty one: @OrgMember() asks for none`];
    case 'permissions':
    case 'any-permission':
      return problemsOfPermissions(declaration.permissions, target);
    case 'accepts':
      return problemsOfCredentials(declaration.credentials, target);
    case 'mutual-tls':
      return problemsOfMutualTls(declaration.use, target);
    case 'step-up':
      return problemsOfStepUp(declaration.stepUp, target);
    case 'policy':
      return problemsOfPolicyCheck(declaration.check, target);
    case 'authenticated':
    case 'org-member':
    case 'optional':
    case 'services':
      return [];
  }
}

function problemsOfPermissions(permissions: unknown, target: string): readonly string[] {
  if (!Array.isArray(permissions) || permissions.length === 0)
    return [`@Permissions on ${target} needs at least one permission`];
  return permissions
    .map(String)
    .filter((permission) => !isPermission(permission))
    .map((permission) => `@Permissions on ${target} names "${permission}": write resource:action`);
}

function problemsOfCredentials(credentials: readonly string[], target: string): readonly string[] {
  if (credentials.length === 0) return [`@Accepts on ${target} needs at least one kind of credential`];
  return credentials
    .filter((credential) => !knownCredentials.has(credential))
    .map((credential) => `@Accepts on ${target} names "${credential}": write ${credentialKinds.join(', ')}`);
}

function problemsOfMutualTls(use: unknown, target: string): readonly string[] {
  return use === 'alone' || use === 'with-token' ? [] : [`@MutualTls on ${target} needs 'alone' or 'with-token'`];
}

function problemsOfStepUp({ acr, maxAgeSeconds }: StepUp, target: string): readonly string[] {
  if (acr === undefined && maxAgeSeconds === undefined)
    return [`@StepUp on ${target} asks for nothing: name acr or maxAgeSeconds`];
  const isAge = maxAgeSeconds === undefined || (Number.isInteger(maxAgeSeconds) && maxAgeSeconds > 0);
  return isAge ? [] : [`@StepUp on ${target} needs a whole number of seconds above 0`];
}

function problemsOfPolicyCheck({ load, onDeny }: PolicyCheck, target: string): readonly string[] {
  const isLoader = load === undefined || typeof load === 'function' || typeof load.load === 'function';
  return [
    ...(isLoader ? [] : [`@CheckPolicies on ${target} has a load that is no function: write loadFrom(Provider, …)`]),
    ...(onDeny === 403 || onDeny === 404 ? [] : [`@CheckPolicies on ${target} has an onDeny that is not 403 or 404`]),
  ];
}

function isWritten(text: string): boolean {
  return typeof text === 'string' && text.trim() !== '';
}
