import type { PermissionsByRole } from './role-authority.ts';

/** Roles in three states. */
export interface RolesToMerge {
  /** Of the policy file as it is now. */
  readonly file: PermissionsByRole;
  /** Of the file that was applied last. */
  readonly applied: PermissionsByRole;
  /** As they are stored, with what was edited at run time. */
  readonly stored: PermissionsByRole;
  /** Whether the policy file declares a permission. */
  readonly isDeclared: (permission: string) => boolean;
}

/**
 * Carries what changed in a policy file over to the roles that are stored (a three-way merge): permissions that the file
 * gave or took since it was applied are given and taken, and what was edited at run time stays. A role that the file
 * dropped goes, unless permissions were given to it at run time: it keeps those alone. A role that was deleted at run time
 * stays away. A permission that the file does not declare any more goes from every role.
 */
export function mergeRoles({ file, applied, stored, isDeclared }: RolesToMerge): PermissionsByRole {
  const merged = new Map<string, readonly string[]>();
  for (const role of new Set([...stored.keys(), ...file.keys()])) {
    const permissions = mergeRole(file.get(role), applied.get(role), stored.get(role));
    if (permissions !== undefined) merged.set(role, permissions.filter(isDeclared));
  }
  return merged;
}

function mergeRole(
  file: readonly string[] | undefined,
  applied: readonly string[] | undefined,
  stored: readonly string[] | undefined,
): readonly string[] | undefined {
  if (stored === undefined) return applied === undefined ? file : undefined;
  if (file === undefined) {
    if (applied === undefined) return stored;
    const given = without(stored, applied);
    return given.length === 0 ? undefined : given;
  }
  const taken = without(applied ?? [], file);
  const kept = without(stored, taken);
  return [...new Set([...kept, ...without(file, applied ?? [])])];
}

function without(permissions: readonly string[], others: readonly string[]): readonly string[] {
  const those = new Set(others);
  return permissions.filter((permission) => !those.has(permission));
}
