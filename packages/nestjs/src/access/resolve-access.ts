import type { CredentialKind, Requirement, StepUp } from '@sallyport/core';
import type { PolicyCheck } from '../policy/policy-check.ts';
import { declarationsOf, type AccessDeclaration } from './access-declaration.ts';
import { problemsOfDeclarations } from './declaration-problems.ts';

/** Which credentials are taken; `undefined` for all that the service can verify. */
export type AcceptedCredentials = ReadonlySet<CredentialKind> | undefined;

/** How a handler uses client certificates. */
export type MutualTlsUse = 'alone' | 'with-token';

/** What a handler asks of its caller, after its own declarations and those of its controller were put together. */
export type Access =
  | { readonly kind: 'public'; readonly reason: string }
  | {
      readonly kind: 'optional';
      readonly accepts: AcceptedCredentials;
      /** What the policy is asked about every caller, anonymous ones too. */
      readonly policies: readonly PolicyCheck[];
    }
  | {
      readonly kind: 'guarded';
      readonly requirements: readonly Requirement[];
      readonly stepUps: readonly StepUp[];
      readonly isForServices: boolean;
      readonly policies: readonly PolicyCheck[];
      readonly accepts: AcceptedCredentials;
      /** `undefined` where it asks for no certificate. */
      readonly mutualTls: MutualTlsUse | undefined;
    }
  | { readonly kind: 'elsewhere'; readonly by: string }
  | { readonly kind: 'undeclared' }
  | { readonly kind: 'contradictory'; readonly problems: readonly string[] };

const resolved = new WeakMap<object, WeakMap<object, Access>>();

/** What {@link resolveAccess} says, found out once for each handler of each controller. */
export function accessOf(handler: object, controller: object): Access {
  let byController = resolved.get(handler);
  if (byController === undefined) {
    byController = new WeakMap();
    resolved.set(handler, byController);
  }
  let access = byController.get(controller);
  if (access === undefined) {
    access = resolveAccess(handler, controller);
    byController.set(controller, access);
  }
  return access;
}

/**
 * Puts the declarations of a handler and of its controller together.
 *
 * A handler adds to its controller and never takes away, save that one that opens it, or leaves it to something else,
 * does so for just that handler. Whatever cannot be meant (public and guarded at once, an empty list, an empty reason) is
 * contradictory, and closed.
 */
export function resolveAccess(handler: object, controller: object): Access {
  const onHandler = declarationsOf(handler);
  const onController = declarationsOf(controller);
  const problems = [
    ...problemsOfDeclarations(onHandler, 'the handler'),
    ...problemsOfDeclarations(onController, 'the controller'),
  ];
  if (problems.length > 0) return { kind: 'contradictory', problems };

  const accepts = acceptedBy(onHandler) ?? acceptedBy(onController);
  const openedItself = openedBy(onHandler, accepts);
  if (openedItself !== undefined) return openedItself;

  // A handler that asks for something inside an open controller is guarded: the stricter reading wins.
  const guarding = [...onController, ...onHandler].filter(({ kind }) => !opening.has(kind));
  // What stands beside @OptionalAuth on the controller is asked about anonymous callers too, and closes nothing.
  const isOptional = onController.some(({ kind }) => kind === 'optional');
  const closing = isOptional ? onHandler.filter(({ kind }) => !opening.has(kind)) : guarding;
  // Neither the strength of a sign-in nor the kind of a credential, nor a certificate, says who may call.
  if (closing.some(({ kind }) => !sayingNothing.has(kind))) {
    return {
      kind: 'guarded',
      requirements: toRequirements(guarding),
      stepUps: toStepUps(guarding),
      isForServices: guarding.some(({ kind }) => kind === 'services'),
      policies: toPolicies(guarding),
      accepts,
      mutualTls: mutualTlsOf(onHandler) ?? mutualTlsOf(onController),
    };
  }
  if (guarding.some(({ kind }) => kind === 'step-up' || kind === 'mutual-tls')) return { kind: 'undeclared' };
  const opened = openedBy(onController, accepts);
  if (opened !== undefined && opened.kind !== 'optional' && acceptedBy(onHandler) !== undefined)
    return {
      kind: 'contradictory',
      problems: ['@Accepts on the handler has no effect, because its controller is open'],
    };
  return opened ?? { kind: 'undeclared' };
}

/** What does not say who may call. */
const sayingNothing: ReadonlySet<AccessDeclaration['kind']> = new Set(['step-up', 'accepts', 'mutual-tls']);

const opening: ReadonlySet<AccessDeclaration['kind']> = new Set(['public', 'optional', 'elsewhere']);

function openedBy(declarations: readonly AccessDeclaration[], accepts: AcceptedCredentials): Access | undefined {
  for (const declaration of declarations) {
    if (declaration.kind === 'public') return { kind: 'public', reason: declaration.reason };
    if (declaration.kind === 'optional') return { kind: 'optional', accepts, policies: toPolicies(declarations) };
    if (declaration.kind === 'elsewhere') return { kind: 'elsewhere', by: declaration.by };
  }
  return undefined;
}

function acceptedBy(declarations: readonly AccessDeclaration[]): AcceptedCredentials {
  const lists = declarations.flatMap((one) => (one.kind === 'accepts' ? [one.credentials] : []));
  return lists.length === 0 ? undefined : new Set(lists.flat());
}

function mutualTlsOf(declarations: readonly AccessDeclaration[]): MutualTlsUse | undefined {
  for (const declaration of declarations) if (declaration.kind === 'mutual-tls') return declaration.use;
  return undefined;
}

function toRequirements(declarations: readonly AccessDeclaration[]): readonly Requirement[] {
  return declarations.flatMap((declaration): readonly Requirement[] => {
    if (declaration.kind === 'roles') return [{ roles: declaration.roles }];
    if (declaration.kind === 'org-member') return [{ org: true }];
    if (declaration.kind === 'org-roles') return [{ orgRoles: declaration.roles }];
    if (declaration.kind === 'permissions') return [{ permissions: declaration.permissions }];
    if (declaration.kind === 'any-permission') return [{ anyPermission: declaration.permissions }];
    return [];
  });
}

function toStepUps(declarations: readonly AccessDeclaration[]): readonly StepUp[] {
  return declarations.flatMap((declaration) => (declaration.kind === 'step-up' ? [declaration.stepUp] : []));
}

function toPolicies(declarations: readonly AccessDeclaration[]): readonly PolicyCheck[] {
  return declarations.flatMap((declaration) => (declaration.kind === 'policy' ? [declaration.check] : []));
}

/** What the policy is asked at a handler. */
export function policiesOf(access: Access): readonly PolicyCheck[] {
  return access.kind === 'guarded' || access.kind === 'optional' ? access.policies : [];
}
