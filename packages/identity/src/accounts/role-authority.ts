/** The permission to change the authority of others: their roles and the protection of their accounts. */
export const managingPermission = 'user:manage';

/** The permission to change what roles permit. */
export const roleManagingPermission = 'role:manage';

/** Who changes the authority of an account: an account, of a user or of a program, or the operator of the process at the command line. */
export type AuthorityActor =
  | { readonly kind: 'operator' }
  | { readonly kind: 'account'; readonly id: string; readonly permissions: readonly string[] };

/** A change of the roles of an account. */
export interface RoleChange {
  readonly actor: AuthorityActor;
  /** Subject id of the account. */
  readonly target: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Why a change of authority is refused, whatever else holds. */
export type AuthorityRefusal = 'permission-missing' | 'own-account' | 'own-role' | 'beyond-own-permissions';

export type RoleChangeJudgement =
  | { readonly kind: 'refused'; readonly reason: AuthorityRefusal }
  /** `management` says what becomes of the managing permission of the account. */
  | { readonly kind: 'allowed'; readonly management: 'gained' | 'lost' | 'unchanged' };

/** Which permissions each role holds. */
export type PermissionsByRole = ReadonlyMap<string, readonly string[]>;

/**
 * Judges a change of roles by the permissions of the one who makes it: the one rule for every way in.
 *
 * Users give no roles to themselves. A role is given, and taken away, only by those who hold all of its permissions
 * themselves. An operator holds every permission.
 */
export function judgeRoleChange(
  { actor, target, before, after }: RoleChange,
  permissionsByRole: PermissionsByRole,
): RoleChangeJudgement {
  const given = after.filter((role) => !before.includes(role));
  const taken = before.filter((role) => !after.includes(role));
  if (actor.kind === 'account') {
    if (!actor.permissions.includes(managingPermission)) return { kind: 'refused', reason: 'permission-missing' };
    if (actor.id === target && given.length > 0) return { kind: 'refused', reason: 'own-account' };
    const touched = permissionsOf([...given, ...taken], permissionsByRole);
    if (!isWithin(touched, actor.permissions)) return { kind: 'refused', reason: 'beyond-own-permissions' };
  }
  const [had, has] = [before, after].map((roles) => permissionsOf(roles, permissionsByRole).has(managingPermission));
  return { kind: 'allowed', management: had === has ? 'unchanged' : has === true ? 'gained' : 'lost' };
}

/**
 * Judges whether an account may change how another one is protected, such as removing its second factor, or shut it out:
 * only one that holds every permission of the other, because it could take all of them over, and rule without the other.
 */
export function judgeProtectionChange(
  actor: AuthorityActor,
  target: { readonly id: string; readonly roles: readonly string[] },
  permissionsByRole: PermissionsByRole,
): AuthorityRefusal | undefined {
  if (actor.kind === 'operator') return undefined;
  if (!actor.permissions.includes(managingPermission)) return 'permission-missing';
  if (actor.id === target.id) return 'own-account';
  return isWithin(permissionsOf(target.roles, permissionsByRole), actor.permissions)
    ? undefined
    : 'beyond-own-permissions';
}

/** A change of what a role permits. */
export interface RoleEdit {
  readonly actor: AuthorityActor;
  /** Whether the account that acts has the role, or had it when the role was there. */
  readonly isOwn: boolean;
  /** Nothing for a role that is made. */
  readonly before: readonly string[];
  /** Nothing for a role that goes. */
  readonly after: readonly string[];
}

/**
 * Judges a change of what a role permits by the permissions of the one who makes it.
 *
 * Users enlarge no role that they have. Only those who hold all that a role permits, before and after, change it: who
 * could take permissions from those above would be above them.
 */
export function judgeRoleEdit({ actor, isOwn, before, after }: RoleEdit): AuthorityRefusal | undefined {
  if (actor.kind === 'operator') return undefined;
  if (!actor.permissions.includes(roleManagingPermission)) return 'permission-missing';
  if (isOwn && after.some((permission) => !before.includes(permission))) return 'own-role';
  return isWithin(new Set([...before, ...after]), actor.permissions) ? undefined : 'beyond-own-permissions';
}

/** The roles that hold the managing permission. */
export function managingRoles(permissionsByRole: PermissionsByRole): readonly string[] {
  return [...permissionsByRole].flatMap(([role, held]) => (held.includes(managingPermission) ? [role] : []));
}

function permissionsOf(roles: readonly string[], permissionsByRole: PermissionsByRole): ReadonlySet<string> {
  return new Set(roles.flatMap((role) => permissionsByRole.get(role) ?? []));
}

function isWithin(permissions: ReadonlySet<string>, held: readonly string[]): boolean {
  const own = new Set(held);
  return [...permissions].every((permission) => own.has(permission));
}
