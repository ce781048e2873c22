import { organizationPermissions } from '@sallyport/core';
import type { OrganizationRoles } from './organization-roles.ts';

/** Who changes a membership: a member, with the roles as they are stored now, or the operator at the command line. */
export type MembershipActor =
  | { readonly kind: 'operator' }
  | { readonly kind: 'member'; readonly userId: string; readonly roles: readonly string[] };

/** A change of the roles of a member. `after` is empty when the membership ends, `before` when it begins. */
export interface MembershipChange {
  readonly actor: MembershipActor;
  /** `undefined` for an address that is invited: whose it is, is not known. */
  readonly userId: string | undefined;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Why a change of a membership is refused. */
export type MembershipRefusal = 'permission-missing' | 'beyond-own-permissions';

/**
 * Judges a change of a membership by the roles of the one who makes it: the one rule for every way in.
 *
 * Every member may leave. Whatever else needs `member:manage`, and every permission of each role that is given or taken: so
 * members cannot raise themselves, nor shut out who is above them. An operator may do everything.
 *
 * @returns why it is refused; `undefined` when it is allowed.
 */
export function judgeMembershipChange(
  { actor, userId, before, after }: MembershipChange,
  { permissionsOf }: Pick<OrganizationRoles, 'permissionsOf'>,
): MembershipRefusal | undefined {
  if (actor.kind === 'operator') return undefined;
  if (actor.userId === userId && after.length === 0) return undefined;
  const held = permissionsOf(actor.roles);
  if (!held.has(organizationPermissions.members)) return 'permission-missing';
  const given = after.filter((role) => !before.includes(role));
  const taken = before.filter((role) => !after.includes(role));
  const isWithin = [...permissionsOf([...given, ...taken])].every((permission) => held.has(permission));
  return isWithin ? undefined : 'beyond-own-permissions';
}
